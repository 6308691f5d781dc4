/** How often a fault that strikes at random is tried: three times in `npm test`, more in `npm run fault`. */
export const faultRounds = Number(process.env['FAULT_ROUNDS'] ?? 3);
/** Gives the whole run another seed; printed where a test fails, so that it can be run again. */
export const faultSeed = Number(process.env['FAULT_SEED'] ?? 1);
