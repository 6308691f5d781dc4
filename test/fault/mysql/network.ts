import { after, before, describe, test } from 'node:test';
import type { TaskProgress } from '../../../src/engine/supervisor/supervisor-states.ts';
import type { MysqlFlavor, MysqlServer } from '../../services/mysql.ts';
import { startToxiproxy, type ToxicProxy } from '../../services/toxiproxy.ts';
import { randomOf } from '../../support/random-changes.ts';
import type { logsUnderFault } from '../logs.ts';
import { faultRounds, faultSeed } from '../rounds.ts';
import { silentWay, wayFaults } from '../way-faults.ts';
import { durableSettings, MysqlCapture, starts } from './capture.ts';

/** What may befall the way between a daemon and its server, or its connections there. It leaves the way as it was. */
export type NetworkFault = {
  readonly name: string;
  strike(proxy: ToxicProxy, capture: MysqlCapture, random: (below: number) => number, server: MysqlServer): Promise<void>;
};

const lost = /ECONN|EPIPE|lost|closed|ETIMEDOUT|killed|ended|handshake|disconnected|interrupted|shutdown in progress/i;

/** The server ends connections. */
function ended(name: string, dumps: boolean): NetworkFault {
  return {
    name,
    async strike(_, capture, __, server) {
      await capture.retryingAfter(() => capture.cutConnections(server, dumps), lost);
      await capture.recovered();
    },
  };
}

export const networkFaults: readonly NetworkFault[] = [
  ...wayFaults(lost),
  ended('the server ends the connection that reads the binlog', true),
  ended('the server ends all connections', false),
];

/** Heartbeats and answers that do not come; a login that gets none, where another connection was being made. */
export const silentNetwork: NetworkFault = silentWay(
  /nothing has come from the server for \d+ s|ETIMEDOUT|Cannot log in .* Connection lost/,
);

/**
 * Faults of the way between the daemon and the server, one after the other, under load; `pick` says which, by chance or not. `silentSnapshot`: the
 * network dies without a word while the snapshot is read, too, which takes half a minute to be noticed.
 */
export function networkTests(
  flavor: MysqlFlavor,
  { name, open }: (typeof logsUnderFault)[number],
  pick: (random: (below: number) => number) => readonly NetworkFault[],
  { silentSnapshot = false } = {},
): void {
  describe(`the network to ${flavor}, under load: ${name} log (seed ${faultSeed})`, { timeout: 240_000 + faultRounds * 30_000 }, () => {
    const resources = new AsyncDisposableStack();
    const random = randomOf(faultSeed * 7919);
    let server: MysqlServer;
    let proxy: ToxicProxy;
    let capture: MysqlCapture;

    before(async () => {
      server = resources.use(await starts[flavor]({ settings: durableSettings }));
      const toxiproxy = resources.use(await startToxiproxy(faultSeed));
      proxy = await toxiproxy.proxyTo(server);
      // Where the snapshot's connections are cut, what is left of it is read by new ones.
      await proxy.add({ type: 'limit_data', attributes: { bytes: 2_000_000 + random(4_000_000) } });
      capture = resources.use(await MysqlCapture.start(server, await open(), faultSeed, { 'database.port': String(proxy.port) }));
      await capture.retrying(lost);
      if (silentSnapshot) await proxy.add({ type: 'bandwidth', attributes: { rate: 50 } });
      await proxy.remove('limit_data');
      if (silentSnapshot) {
        const isRead = ({ phase, retrying }: TaskProgress) => phase === 'snapshot' && !retrying;
        await capture.until(async () => isRead((await capture.progress())!), 'the snapshot to go on');
        await silentNetwork.strike(proxy, capture, random, server);
        await proxy.remove('bandwidth');
      }
      await capture.streaming();
    });
    after(() => resources.disposeAsync());

    for (const { name: fault, strike } of pick(random)) {
      test(fault, async () => strike(proxy, capture, random, server));
    }

    test('afterwards everything is there once, in order', async t => {
      t.diagnostic(`followed: ${await capture.assertExactlyOnce(server)}`);
    });
  });
}
