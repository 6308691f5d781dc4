import { after, before, describe, test } from 'node:test';
import { startMongodb } from '../../services/mongodb.ts';
import { startToxiproxy, type ToxicProxy } from '../../services/toxiproxy.ts';
import { randomOf } from '../../support/random-changes.ts';
import type { logsUnderFault } from '../logs.ts';
import { faultRounds, faultSeed } from '../rounds.ts';
import { silentWay, type WayFault, wayFaults } from '../way-faults.ts';
import { MongoCapture } from './capture.ts';

const lost = /ECONN|EPIPE|closed|timed out|interrupted|server selection/i;

export const networkFaults: readonly WayFault[] = wayFaults(lost);

/** It is noticed by the driver's own looks at the server, or by the bound of an answer (connectors/mongodb/raw-cursor.ts). */
export const silentNetwork: WayFault = silentWay(/timed out|has not answered|interrupted|server selection/i);

/** Faults of the way between the daemon and the server, one after the other, under load; `pick` says which. On SecantusDB, in MongoDB's place. */
export function networkTests(
  { name, open }: (typeof logsUnderFault)[number],
  pick: (random: (below: number) => number) => readonly WayFault[],
): void {
  describe(`the network to MongoDB, under load: ${name} log (seed ${faultSeed})`, { timeout: 180_000 + faultRounds * 30_000 }, () => {
    const resources = new AsyncDisposableStack();
    const random = randomOf(faultSeed * 7919);
    let proxy: ToxicProxy;
    let capture: MongoCapture;

    before(async () => {
      const server = resources.use(await startMongodb());
      const toxiproxy = resources.use(await startToxiproxy(faultSeed));
      proxy = await toxiproxy.proxyTo({ host: '127.0.0.1', port: server.port });
      // Where the snapshot's connections are cut, what is left of it is read by new ones.
      await proxy.add({ type: 'limit_data', attributes: { bytes: 500_000 + random(1_000_000) } });
      // Asked for its members, the server would name the way around the proxy.
      const way = { 'mongodb.connection.string': `mongodb://127.0.0.1:${proxy.port}/?directConnection=true` };
      capture = resources.use(await MongoCapture.start(server, await open(), faultSeed, way));
      await capture.retrying(lost);
      await proxy.remove('limit_data');
      await capture.streaming();
    });
    after(() => resources.disposeAsync());

    for (const { name: fault, strike } of pick(random)) test(fault, () => strike(proxy, capture, random));

    test('afterwards everything is there once, in order', async t => {
      t.diagnostic(`followed: ${await capture.assertExactlyOnce()}`);
    });
  });
}
