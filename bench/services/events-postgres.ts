import { openPostgresEventStore } from '../../src/services/event-store/postgres/postgres-event-store.ts';
import { startPostgres } from '../../test/services/postgres.ts';
import { freshDatabase } from '../../test/support/fresh-database.ts';
import { alternately } from '../sinks/alternately.ts';
import { appendLatency, latencyText } from './append-latency.ts';
import { appendsPerSecond, appendTo, callers } from './append-rate.ts';

const rounds = 3;
const latencyPerSecond = 2000;

const say = (text: string) => void process.stdout.write(`${text}\n`);

/**
 * `npm run bench -- services events-postgres`: the event store in a PostgreSQL of its own on this machine, which makes every commit durable. No rival: Emmett's
 * store there is another package with another schema. `quick`: whether it works; no figures.
 */
export async function benchPostgresEvents({ quick, seconds }: { readonly quick: boolean; readonly seconds: number | null }): Promise<void> {
  const settings = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', shared_buffers: '256MB' };
  await using server = await startPostgres({ version: 18, settings });
  const run = async () => {
    await using database = await freshDatabase(server);
    await using store = await openPostgresEventStore({ connection: database.url });
    return await appendsPerSecond(quick ? 300 : 5000, appendTo(store));
  };
  const [perSecond] = await alternately(quick ? 1 : rounds, 'appends', [{ name: 'event store in PostgreSQL', run }]);
  say(`${callers} callers, one event an append, durable, PostgreSQL 18: ${Math.round(perSecond!).toLocaleString('en')} appends/s`);
  await using database = await freshDatabase(server);
  await using store = await openPostgresEventStore({ connection: database.url });
  say(latencyText(latencyPerSecond, await appendLatency(store, latencyPerSecond, seconds ?? (quick ? 1 : 10))));
}
