import { test } from 'node:test';
import { startPostgres } from '../../services/postgres.ts';
import { randomOf } from '../../support/random-changes.ts';
import type { logsUnderFault } from '../logs.ts';
import { faultRounds, faultSeed } from '../rounds.ts';
import { Capture, durableSettings } from './capture.ts';
import { lost } from './network-faults.ts';

const strikesOfOne = 3;
/** Rows of the snapshot, of which the first strike cuts off some. */
const snapshotRows = 18_000;

/** PostgreSQL stopped as by a crash under load, in the snapshot and in the stream, and started again. */
export function stoppedServerTest({ name, open }: (typeof logsUnderFault)[number]): void {
  const databases = Math.ceil(faultRounds / strikesOfOne);
  test(`PostgreSQL is stopped at once and started again, ${faultRounds} times: ${name} log`, { timeout: 240_000 * databases }, async t => {
    await using server = await startPostgres({ version: 18, settings: durableSettings });
    for (let one = 0; one < databases; one++) {
      const seed = faultSeed * 1000 + one;
      const random = randomOf(seed * 7919);
      t.diagnostic(`seed ${seed}`);
      // A worker group of its own: the connector of the one before would still be there, and its database is not.
      await using capture = await Capture.start(server, await open(), seed);
      for (let strike = 0; strike < strikesOfOne; strike++) {
        if (strike > 0) await capture.streaming();
        await capture.advanced(1 + random(strike === 0 ? snapshotRows : 500));
        const { phase, records } = (await capture.progress())!;
        await server.stopImmediately();
        const told = await capture.retrying(lost);
        await server.start();
        await capture.recovered();
        t.diagnostic(`stopped in the ${phase} after ${records} records: ${told}`);
      }
      t.diagnostic(`followed: ${await capture.assertExactlyOnce()}`);
    }
  });
}
