/** One way to do the work; gives how much a second. */
export type Contender = { readonly name: string; run(round: number): Promise<number> };

/** Of an odd number of figures the one in the middle; 0 of none. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/**
 * Runs all in turn, then all again in the other order, so that what changes on the machine meets everybody; the first round warms up. The
 * median of each, in their order.
 */
export async function alternately(rounds: number, unit: string, contenders: readonly Contender[]): Promise<readonly number[]> {
  const found = contenders.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    const order = [...contenders.entries()];
    for (const [index, contender] of round % 2 === 0 ? order : order.reverse()) {
      const perSecond = await contender.run(round);
      if (round > 0) found[index]!.push(perSecond);
      process.stderr.write(`${round === 0 ? 'warm-up' : round}. ${contender.name}: ${Math.round(perSecond)} ${unit}/s\n`);
    }
  }
  return found.map(median);
}
