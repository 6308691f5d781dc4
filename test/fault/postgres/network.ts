import { after, before, describe, test } from 'node:test';
import { type PostgresServer, startPostgres } from '../../services/postgres.ts';
import { startToxiproxy, type ToxicProxy } from '../../services/toxiproxy.ts';
import { randomOf } from '../../support/random-changes.ts';
import type { logsUnderFault } from '../logs.ts';
import { faultRounds, faultSeed } from '../rounds.ts';
import { Capture, durableSettings } from './capture.ts';
import { lost, type NetworkFault } from './network-faults.ts';

/** Faults of the way between the daemon and PostgreSQL, one after the other, under load; `pick` says which, by chance or not. */
export function networkTests(
  { name, open }: (typeof logsUnderFault)[number],
  pick: (random: (below: number) => number) => readonly NetworkFault[],
): void {
  describe(`the network to PostgreSQL, under load: ${name} log (seed ${faultSeed})`, { timeout: 180_000 + faultRounds * 30_000 }, () => {
    const resources = new AsyncDisposableStack();
    const random = randomOf(faultSeed * 7919);
    let server: PostgresServer;
    let proxy: ToxicProxy;
    let capture: Capture;

    before(async () => {
      server = resources.use(await startPostgres({ version: 18, settings: durableSettings }));
      const toxiproxy = resources.use(await startToxiproxy(faultSeed));
      proxy = await toxiproxy.proxyTo(server);
      // Where the snapshot's connections are cut, what is left of it is read by new ones.
      await proxy.add({ type: 'limit_data', attributes: { bytes: 2_000_000 + random(4_000_000) } });
      const way = { 'database.port': String(proxy.port), 'database.sslmode': 'disable' };
      capture = resources.use(await Capture.start(server, await open(), faultSeed, way));
      await capture.retrying(lost);
      await proxy.remove('limit_data');
      await capture.streaming();
      // What was changed while the snapshot was read costs the stream a question to the server each: not a matter of the ways that follow.
      await capture.behindNow();
    });
    after(() => resources.disposeAsync());

    for (const { name: fault, strike } of pick(random)) {
      test(fault, async () => {
        await strike(proxy, capture, server, random);
        // Kafka's consumer takes seconds to start: there it is looked at once, at the end.
        if (name === 'embedded') await capture.assertSlotNotAhead();
      });
    }

    test('afterwards everything is there once, in order', async t => {
      t.diagnostic(`followed: ${await capture.assertExactlyOnce()}`);
    });
  });
}
