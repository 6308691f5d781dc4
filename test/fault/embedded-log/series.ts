import { test } from 'node:test';
import { randomOf } from '../../support/random-changes.ts';
import { faultRounds, faultSeed } from '../rounds.ts';

/** Rounds on one database and one daemon. */
const roundsOfSeries = 10;

export type Series = {
  readonly seed: number;
  readonly random: (below: number) => number;
  readonly rounds: number;
  /** What it went through, shown beside its name. */
  diagnostic(text: string): void;
};

/** A fault that strikes at random, in series of rounds: each begins anew with a seed of its own, by which it can be run again. */
export function faultTest(what: string, run: (series: Series) => Promise<void>): void {
  test(what, async t => {
    for (let first = 0; first < faultRounds; first += roundsOfSeries) {
      const seed = faultSeed * 1000 + first / roundsOfSeries;
      const rounds = Math.min(roundsOfSeries, faultRounds - first);
      await t.test(`${rounds} rounds, seed ${seed}`, { timeout: 280_000 }, child =>
        run({ seed, random: randomOf(seed), rounds, diagnostic: text => child.diagnostic(text) }),
      );
    }
  });
}
