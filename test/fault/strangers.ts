import assert from 'node:assert/strict';
import { join } from 'node:path';
import { sqlite3 } from '../services/sqlite3.ts';
import type { ChangingDatabase } from '../support/changing-database.ts';
import { connectTo } from '../support/fresh-database.ts';
import { committedLines, type Published } from '../support/published.ts';

export { publishedInKafka as publishedForConsoleConsumer } from '../support/published.ts';

/** Readers that are not ours: what these find is what a user finds. */

const textOf = (value: string) => `'${value.replaceAll("'", "''")}'`;
const fileOf = (dataFolder: string) => join(dataFolder, 'log.db');

/** Reads topics of an embedded log with the stock sqlite3 command, beside its daemon or after it: the view `log` of the file. */
export async function* publishedForSqlite3(dataFolder: string, topics: readonly string[]): AsyncGenerator<Published> {
  for (const topic of topics) {
    const rows = sqlite3(
      fileOf(dataFolder),
      `select json_array(cast(key as text), cast(value as text)) from log where topic = ${textOf(topic)} order by partition, "offset"`,
    );
    for await (const row of rows) {
      const [key, value] = JSON.parse(row) as [string, string | null];
      yield { topic, key, value };
    }
  }
}

/** A source offset as it lies in the log: Connect's partition and offset. `at` is its place in the log, where the log has one. */
export type DurableOffset = {
  readonly partition: Readonly<Record<string, unknown>>;
  readonly offset: Readonly<Record<string, unknown>> | null;
  readonly at: number;
};

/** A connector's source offsets in an embedded log, read with the stock sqlite3 command. */
export async function offsetsForSqlite3(dataFolder: string, connector: string): Promise<readonly DurableOffset[]> {
  const sql = `select json_array(json(partition), json("offset")) from source_offsets where connector = ${textOf(connector)}`;
  const offsets: DurableOffset[] = [];
  for await (const row of sqlite3(fileOf(dataFolder), sql)) {
    const [partition, offset] = JSON.parse(row) as [DurableOffset['partition'], DurableOffset['offset']];
    offsets.push({ partition, offset, at: 0 });
  }
  return offsets;
}

/**
 * All source offsets that a connector has committed to Connect's offset topic (of one partition, not yet compacted), in order, read with
 * Kafka's own console consumer.
 */
export async function offsetsForConsoleConsumer(
  bootstrapServers: string,
  offsetsTopic: string,
  connector: string,
): Promise<readonly DurableOffset[]> {
  const offsets: DurableOffset[] = [];
  for (const line of await committedLines(bootstrapServers, offsetsTopic, ['print.offset=true'])) {
    const [at, key, value] = line.split('\t') as [string, string, string];
    const [owner, partition] = JSON.parse(key) as [string, DurableOffset['partition']];
    if (owner === connector)
      offsets.push({ partition, offset: JSON.parse(value) as DurableOffset['offset'], at: Number(at.replace('Offset:', '')) });
  }
  return offsets;
}

const positionOf = (offsets: readonly DurableOffset[]) =>
  offsets.findLast(({ partition }) => !Object.keys(partition).some(name => name.startsWith('sluice_')))?.offset;

/** Up to where the database may free its log, by these offsets; null where none says so. */
export function durableLsn(offsets: readonly DurableOffset[]): bigint | null {
  const lsn = positionOf(offsets)?.['sluice_confirmed_lsn'];
  return typeof lsn === 'number' ? BigInt(lsn) : null;
}

/** Whether by these offsets a part of a transaction is durable, and the rest is not. */
export function insideTransaction(offsets: readonly DurableOffset[]): boolean {
  return positionOf(offsets)?.['sluice_messages'] !== undefined;
}

/** The slot's confirmed position; null where there is no slot. */
export async function confirmedLsn({ database, slot }: Pick<ChangingDatabase, 'database' | 'slot'>): Promise<bigint | null> {
  await using client = await connectTo(database.url);
  const { rows } = await client.query<{ lsn: string }>(
    `select (confirmed_flush_lsn - '0/0')::text as lsn from pg_replication_slots where slot_name = $1`,
    [slot],
  );
  return rows[0]?.lsn ? BigInt(rows[0].lsn) : null;
}

/** Invariant 2: `confirmed` is at or before what is durable. */
export function assertAtOrBehind(confirmed: bigint, durable: bigint, when = ''): void {
  assert.ok(confirmed <= durable, `The slot is confirmed up to ${confirmed}, ${confirmed - durable} bytes ahead of the log ${when}`);
}

/**
 * Invariant 2 as it stands now: the slot is at or behind what is durable in the log, which `offsets` reads. At any time after the first
 * records are durable, also while the daemon runs: the slot is looked at first, and the log only grows.
 */
export async function assertSlotNotAhead(
  changing: Pick<ChangingDatabase, 'database' | 'slot'>,
  offsets: () => Promise<readonly DurableOffset[]>,
  when = '',
): Promise<void> {
  const confirmed = await confirmedLsn(changing);
  const durable = durableLsn(await offsets());
  assert.ok(confirmed !== null, `There is a slot ${changing.slot}`);
  assert.ok(durable !== null, 'There is an offset in the log');
  assertAtOrBehind(confirmed, durable, when);
}
