/** How often a fault that strikes at random is tried: three times in `npm test`, more in `npm run fault`. */
export const faultRounds = Number(process.env['FAULT_ROUNDS'] ?? 3);
/** The rounds of a fault whose one round is many kills or takes minutes: no more than that. */
export const roundsUpTo = (max: number): number => Math.min(max, faultRounds);

/** Gives the whole run another seed. */
export const faultSeed = Number(process.env['FAULT_SEED'] ?? 1);

// A file that fails says how to have the same chances again.
process.on('exit', code => {
  if (code !== 0) process.stderr.write(`This run: FAULT_SEED=${faultSeed} FAULT_ROUNDS=${faultRounds}\n`);
});
