import type { PostgresAddress } from '../../services/postgres.ts';
import type { ToxicProxy } from '../../services/toxiproxy.ts';
import { connectTo } from '../../support/fresh-database.ts';
import { silentWay, type WayFault, wayFaults } from '../way-faults.ts';
import type { Capture } from './capture.ts';

type Random = (below: number) => number;

/** What may befall the way between a daemon and its server, or its connections there. It leaves the way as it was. */
export type NetworkFault = {
  readonly name: string;
  strike(proxy: ToxicProxy, capture: Capture, server: PostgresAddress, random: Random): Promise<void>;
};

/** What a connection that is gone is told with: by whom depends on the moment. */
export const lost = /ECONN|EPIPE|terminat|lost|closed|ended|timeout expired|connection error|not queryable|starting up|shut/i;

const ofWay = ({ name, strike }: WayFault): NetworkFault => ({
  name,
  strike: (proxy, capture, _, random) => strike(proxy, capture, random),
});

/** The server ends connections: those that `where` picks among the daemon's. */
function ended(name: string, where: string): NetworkFault {
  return {
    name,
    async strike(_, capture, server) {
      await using admin = await connectTo(server.url);
      const end = async () => {
        const { rowCount } = await admin.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'Sluice' and datname = $1 and ${where}`,
          [capture.changing.database.name],
        );
        if (rowCount === 0) throw new Error(`There was no connection to end: ${name}`);
      };
      await capture.retryingAfter(end, lost);
      await capture.recovered();
    },
  };
}

export const networkFaults: readonly NetworkFault[] = [
  ...wayFaults(lost).map(ofWay),
  ended('the server ends the walsender', `backend_type = 'walsender'`),
  ended('the server ends all connections', 'true'),
];

/** It is noticed by whoever waits (connectors/postgres/liveness.ts). */
export const silentNetwork: NetworkFault = ofWay(silentWay(/nothing has come from the server for \d+ s/));
