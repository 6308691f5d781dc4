import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../../../test/services/postgres.ts';
import { alternately, median } from '../alternately.ts';
import { Stopwatch, serverMicros } from '../processor-time.ts';
import { bareUpserts, loopOverLog, upsertsWithVersions } from './bare-loops.ts';
import { rows, tableOf } from './rows.ts';
import { sinkOverLog, sinkWrites } from './sink-writes.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);

/** Writes all rows into a table that is there; tells when the last is written, while its connection is still open. */
type Writes = (table: string, round: number, watch: Stopwatch, written: () => void) => Promise<void>;

await using server = await startPostgres({
  version: 18,
  settings: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', shared_buffers: '256MB', max_wal_size: '4GB' },
});
const serverPid = Number(readFileSync(join(server.dataFolder, 'postmaster.pid'), 'latin1').split('\n')[0]);
const client = new pg.Client({ connectionString: server.url });
await client.connect();

/** One way to write the rows, with what it takes of the processors. */
class Contestant {
  readonly name: string;
  readonly #writes: Writes;
  readonly client: number[] = [];
  readonly server: number[] = [];

  constructor(name: string, writes: Writes) {
    this.name = name;
    this.#writes = writes;
  }

  async run(round: number): Promise<number> {
    const table = `${this.name.replaceAll(/\W/g, '_')}_${round}`;
    await client.query(tableOf(table));
    const watch = new Stopwatch();
    const before = serverMicros(serverPid);
    let after = before;
    await this.#writes(table, round, watch, () => {
      after = serverMicros(serverPid);
    });
    if (round > 0) {
      this.client.push(watch.clientMicros / rows);
      this.server.push((after - before) / rows);
    }
    const { rows: found } = await client.query<{ n: string }>(`select count(*) as n from ${table}`);
    assert.equal(Number(found[0]!.n), rows);
    await client.query(`drop table ${table}`);
    return rows / (watch.spentMs / 1000);
  }
}

const bare = (work: (client: pg.Client, name: string, watch: Stopwatch) => Promise<void>): Writes => {
  return (table, _, watch, written) => work(client, table, watch).then(written);
};
const contestants = [
  new Contestant('bare bulk upsert', bare(bareUpserts)),
  new Contestant('sink.write', (table, round, watch, written) => sinkWrites(server.port, table, round + 1, watch, written)),
  new Contestant('bare with versions of keys', bare(upsertsWithVersions)),
  new Contestant('bare loop over a log', bare(loopOverLog)),
  new Contestant('sink over a log', (table, round, watch, written) => sinkOverLog(server.port, table, round + 1, watch, written)),
];
const only = process.env['BENCH_ONLY']?.split(',').map(Number);
const chosen = contestants.filter((_, index) => only?.includes(index) ?? true);
const found = await alternately(rounds, 'rows', chosen);
await client.end();
for (const [index, { name, client: ofClient, server: ofServer }] of chosen.entries()) {
  const [own, servers] = [median(ofClient), median(ofServer)];
  process.stdout.write(
    `${name.padEnd(28)}${String(Math.round(found[index]!)).padStart(8)} rows/s   us of CPU a row: client ${own.toFixed(2)}, server ${servers.toFixed(2)}\n`,
  );
}
if (chosen.length === contestants.length) {
  const [plain, sink, versions, loop, sinkLoop] = found as [number, number, number, number, number];
  const share = (one: number, other: number) => (one / other).toFixed(2);
  process.stdout.write(
    `sink.write is ${share(sink, plain)} of the bare bulk upsert, ${share(sink, versions)} of one with versions of keys; over a log the sink is ${share(sinkLoop, loop)} of the bare loop\n`,
  );
}
