import assert from 'node:assert/strict';
import type { PostgresConfig } from '../../connectors/postgres/options.ts';
import { Struct } from '../../src/contract/index.ts';
import { databaseOptions } from '../support/database-options.ts';
import { connectTo, type FreshDatabase } from '../support/fresh-database.ts';
import { randomOf } from '../support/random-changes.ts';
import { postgresRun, type SourceRun } from '../support/source-run.ts';
import { until } from '../support/until.ts';
import { VersionedRows } from '../support/versioned-rows.ts';

export const rows = 3_000;
export const waitMsMax = 60_000;
export const setup = `
  create table signals(id varchar(42) primary key, type varchar(32) not null, data varchar(2048));
  create table items(id int primary key, v bigint not null, pad text);
  alter table items replica identity full;
  insert into items select n, 0, repeat('x', 50) from generate_series(1, ${rows}) n;`;

/** A run of whatever connector. */
export type AnyRun = Pick<SourceRun<PostgresConfig>, 'source' | 'offsets' | 'records' | 'run' | 'end'>;

export function runOf(database: FreshDatabase, options: Readonly<Record<string, string>>): SourceRun<PostgresConfig> {
  return postgresRun({
    'topic.prefix': 'srv',
    ...databaseOptions(database.url),
    'slot.name': `slot_${database.name}`,
    'publication.name': 'everything',
    'snapshot.mode': 'no_data',
    'incremental.snapshot.chunk.size': '100',
    ...options,
  });
}

export const notified = { 'notification.enabled.channels': 'log,sink', 'notification.sink.topic.name': 'notes' };
export const withSignalTable = { 'signal.data.collection': 'public.signals' };

/** Runs while `work` is done beside it, and until `isDone`. */
export async function runWith(run: AnyRun, isDone: () => boolean, work: () => Promise<void>): Promise<void> {
  const heard = run.run(() => 'append');
  const working = (async () => {
    await until(() => run.source?.status().phase === 'streaming', { what: 'the stream', timeoutMs: waitMsMax });
    await work();
    await until(isDone, { what: 'what is to be published', timeoutMs: waitMsMax });
  })().finally(() => run.end());
  await Promise.all([heard, working]);
}

export const withFilter = { 'additional-conditions': [{ 'data-collection': 'public.*', filter: 'id <= 1000' }] };

export const execute = (tables: readonly string[], more: object = {}) =>
  JSON.stringify({ 'data-collections': tables, type: 'incremental', ...more });

export async function signal(database: FreshDatabase, id: string, type: string, data: string): Promise<void> {
  await database.client.query('insert into signals values ($1, $2, $3)', [id, type, data]);
}

export const progressOf = (run: AnyRun) => run.source?.status().onDemand ?? null;
export const isFinished = (run: AnyRun) => progressOf(run)?.state === 'finished';
export const stored = (run: AnyRun) => run.offsets.find(({ partition }) => Object.keys(partition).join() === 'server')?.offset ?? {};

export function readsOf(run: AnyRun, topic = 'srv.public.items'): readonly string[] {
  return run.records.flatMap(({ topic: of, value }) =>
    of === topic && value instanceof Struct && value.get('op') === 'r' ? [String((value.get('after') as Struct).get('id'))] : [],
  );
}

/** The notifications in their topic. */
export function notesOf(run: AnyRun) {
  return run.records.flatMap(({ topic, value }) => {
    if (topic !== 'notes' || !(value instanceof Struct)) return [];
    const [id, type, aggregate, data] = value.values;
    const entries = [...(data as ReadonlyMap<string, string>)].sort(([a], [b]) => (a < b ? -1 : 1));
    return [{ aggregate, type, id, data: Object.fromEntries(entries) as Record<string, string> }];
  });
}

/** Changes `items` by chance until it is told to rest; each row's `v` rises, from a version on. */
export function changing(database: FreshDatabase, seed: number, version = 0): { rest(): Promise<void> } {
  const random = randomOf(seed);
  let busy = true;
  const load = (async () => {
    await using client = await connectTo(database.url);
    while (busy) {
      await client.query('begin');
      for (let n = random(4); n >= 0; n--) {
        const id = 1 + random(rows);
        const kind = random(10);
        if (kind < 7) await client.query('update items set v = $2 where id = $1', [id, ++version]);
        else if (kind < 8) await client.query('delete from items where id = $1', [id]);
        else await client.query('insert into items values ($1, $2) on conflict (id) do update set v = excluded.v', [id, ++version]);
      }
      await client.query(random(10) === 0 ? 'rollback' : 'commit');
    }
  })();
  return {
    async rest() {
      busy = false;
      await load;
    },
  };
}

export async function assertFollowed(database: FreshDatabase, run: SourceRun<PostgresConfig>): Promise<VersionedRows> {
  const followed = new VersionedRows();
  for (const record of run.records) if (record.topic === 'srv.public.items') followed.apply(record);
  assert.deepEqual(followed.faults.slice(0, 5), [], `${followed.faults.length} faults`);
  const { rows: found } = await database.client.query(`select id || ':' || v as row from items`);
  assert.deepEqual(followed.rows, found.map(({ row }) => row as string).sort());
  return followed;
}
