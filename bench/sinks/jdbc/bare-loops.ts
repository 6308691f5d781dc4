import type pg from 'pg';
import type { Stopwatch } from '../processor-time.ts';
import { batchSize, columnsOf, messages, plainColumns, readPlainly, rows, upsertInto } from './rows.ts';

const batches = rows / batchSize;

/**
 * The bare bulk upsert: one prepared statement and one commit a batch, of rows that lie ready in arrays. It knows no records and no deletes, and
 * can neither be resumed nor replayed.
 */
export async function bareUpserts(client: pg.Client, name: string, watch: Stopwatch): Promise<void> {
  for (let index = 0; index < batches; index++) {
    const values = plainColumns(index * batchSize);
    await watch.measure(async () => {
      await client.query('begin');
      await client.query({ name: `upsert_${name}`, text: upsertInto(name), values });
      await client.query('commit');
    });
  }
}

const bookkeeping = `create table if not exists bare_versions (relation integer, key text collate "C", version bigint, primary key (relation, key));
  create table if not exists bare_offsets (part int primary key, next bigint); truncate bare_versions; truncate bare_offsets`;

const moveOffset = (client: pg.Client, next: number) =>
  client.query({
    name: 'offsets',
    text: 'insert into bare_offsets values (0, $1) on conflict (part) do update set next = excluded.next',
    values: [next],
  });

/** The same with the version of each key and the offset in its transaction. */
export async function upsertsWithVersions(client: pg.Client, name: string, watch: Stopwatch): Promise<void> {
  await client.query(bookkeeping);
  for (let index = 0; index < batches; index++) {
    const values = plainColumns(index * batchSize);
    await watch.measure(async () => {
      const ids = values[0] as number[];
      await client.query('begin');
      await client.query({
        name: 'versions',
        text: `insert into bare_versions as v select 1, * from unnest($1::text[], $2::bigint[])
          on conflict (relation, key) do update set version = excluded.version where v.version < excluded.version returning key`,
        values: [ids.map(String), ids],
      });
      await moveOffset(client, (index + 1) * batchSize);
      await client.query({ name: `upsert_${name}`, text: upsertInto(name), values });
      await client.query('commit');
    });
  }
}

/**
 * What the client's user writes who keeps a table in step with a log: each message is read from its bytes, what was applied before is passed over,
 * the last state of each key is upserted or deleted, and the offset moves in the same transaction.
 */
export async function loopOverLog(client: pg.Client, name: string, watch: Stopwatch): Promise<void> {
  await client.query(bookkeeping);
  for (let index = 0; index < batches; index++) {
    const batch = messages(name, index * batchSize);
    await watch.measure(async () => {
      await client.query('begin');
      const { rows: found } = await client.query<{ next: string }>({
        name: 'reached',
        text: 'select next from bare_offsets where part = 0 for update',
      });
      const reached = Number(found[0]?.next ?? 0);
      const fresh = batch.filter(({ offset }) => offset >= reached).map(readPlainly);
      const last = [...new Map(fresh.map(change => [change.id, change])).values()];
      const upserted = last.flatMap(({ row }) => row ?? []);
      await client.query({ name: `upsert_${name}`, text: upsertInto(name), values: columnsOf(upserted) });
      const deleted = last.flatMap(({ id, row }) => (row === null ? [id] : []));
      if (deleted.length > 0)
        await client.query({ name: `delete_${name}`, text: `delete from ${name} where id = any ($1::bigint[])`, values: [deleted] });
      await moveOffset(client, (index + 1) * batchSize);
      await client.query('commit');
    });
  }
}
