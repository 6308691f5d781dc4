import { after, before } from 'node:test';
import { type SuiteRow, sinkSuite } from '../../../conformance/sink-suite/index.ts';
import { type PostgresServer, startPostgres } from '../../../services/postgres.ts';
import { connectTo } from '../../../support/fresh-database.ts';
import { jdbcUrl } from '../views/views-target.ts';
import { jdbcSinkOf, upserts } from './jdbc-target.ts';

let server: PostgresServer;

before(async () => {
  server = await startPostgres({ version: 18 });
});
after(() => server?.[Symbol.asyncDispose]());

sinkSuite('jdbc in Postgres', {
  async make(topic) {
    await using client = await connectTo(server.url);
    await client.query(`create table if not exists ${topic} (id int primary key, name text, amount bigint check (amount <> 666))`);
    return jdbcSinkOf({ ...upserts, 'connection.url': jdbcUrl(server.url), 'schema.evolution': 'none', 'truncate.enabled': 'true' });
  },
  async state(topic) {
    await using client = await connectTo(server.url);
    const { rows } = await client.query<SuiteRow>(`select id, name, amount::int as amount from ${topic}`);
    return new Map(rows.map(row => [row.id, row]));
  },
  truncates: true,
  refused: id => ({ id, name: 'no number', amount: 666 }),
  away: { begin: () => server.stop(), end: () => server.start() },
});
