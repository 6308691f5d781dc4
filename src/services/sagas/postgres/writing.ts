import type { PartitionOffset, SerializedHeader } from '../../../contract/index.ts';
import type { SqlClient } from '../../event-store/postgres/sql-client.ts';
import { eventOf } from '../instance-event.ts';
import type { SagaBatch } from '../runtime/saga-batch.ts';
import { commandHeaders } from '../runtime/saga-unit.ts';
import type { PinnedDefinition, SagaInstance } from '../saga.ts';
import type { SagaTables } from './tables.ts';

/** Where a saga has heard up to, in a partition of this era. */
export type HeardOffset = PartitionOffset & { readonly era: number };

const correlationOfId = (saga: string, id: string) => id.slice(saga.length + 1);

/** Writes a unit's instances and messages, within a transaction that the leader's fence has begun. */
export async function writeBatch(client: SqlClient, tables: SagaTables, saga: string, batch: SagaBatch): Promise<void> {
  if (batch.forgotten.length > 0) await forget(client, tables, saga, batch.forgotten);
  if (batch.moved.size > 0) await writeInstances(client, tables, saga, [...batch.moved.values()]);
  if (batch.sent.length + batch.dead.length > 0) await writeMessages(client, tables, saga, batch);
}

async function forget(client: SqlClient, tables: SagaTables, saga: string, ids: readonly string[]): Promise<void> {
  const values = [saga, ids.map(id => correlationOfId(saga, id))];
  await client.query(`delete from ${tables.events} where saga = $1 and correlation_id = any ($2::text[])`, values);
  await client.query(`delete from ${tables.instances} where saga = $1 and correlation_id = any ($2::text[])`, values);
}

async function writeInstances(
  client: SqlClient,
  tables: SagaTables,
  saga: string,
  moved: readonly { readonly before: SagaInstance | null; readonly after: SagaInstance }[],
): Promise<void> {
  const column = (of: (after: SagaInstance) => string | number | null) => moved.map(({ after }) => of(after));
  const ids = column(({ correlationId }) => correlationId);
  const versions = column(({ version }) => version);
  await client.query(
    `insert into ${tables.instances} (saga, correlation_id, version, state, definition_hash, started_at_ms, ended_at_ms)
     select $1, * from unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
     on conflict (saga, correlation_id) do update set version = excluded.version, state = excluded.state, ended_at_ms = excluded.ended_at_ms`,
    [
      ...[saga, ids, versions],
      column(({ state }) => state),
      column(({ definitionHash }) => definitionHash),
      column(({ startedAtMs }) => startedAtMs),
      column(({ endedAtMs }) => endedAtMs),
    ],
  );
  const events = moved.map(({ before, after }) => JSON.stringify(eventOf(before, after)));
  await client.query(
    `insert into ${tables.events} (saga, correlation_id, version, event) select $1, * from unnest($2::text[], $3::bigint[], $4::text[])`,
    [saga, ids, versions, events],
  );
}

async function writeMessages(client: SqlClient, tables: SagaTables, saga: string, { sent, dead }: SagaBatch): Promise<void> {
  const messages = [
    ...sent.map(({ command, sagaId }) => ({
      topic: command.topic,
      key: Buffer.from(command.correlationId),
      value: Buffer.from(JSON.stringify(command.payload)),
      headers: headersText(commandHeaders(command, sagaId)),
      timestampMs: null,
    })),
    ...dead.map(({ topic, record: { key, value, timestampMs }, headers }) => ({
      topic,
      key: bytesOf(key),
      value: bytesOf(value),
      headers: headersText(headers),
      timestampMs,
    })),
  ];
  await client.query(
    `insert into ${tables.messages} (saga, topic, message_key, message_value, headers, timestamp_ms)
     select $1, topic, message_key, message_value, headers, timestamp_ms
       from unnest($2::text[], $3::bytea[], $4::bytea[], $5::text[], $6::bigint[]) with ordinality
         as m (topic, message_key, message_value, headers, timestamp_ms, place)
      order by place`,
    [
      saga,
      messages.map(({ topic }) => topic),
      messages.map(({ key }) => key),
      messages.map(({ value }) => value),
      messages.map(({ headers }) => headers),
      messages.map(({ timestampMs }) => timestampMs),
    ],
  );
}

const bytesOf = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));

/** As SagaMessageRouter reads them. */
function headersText(headers: readonly SerializedHeader[]): string {
  return JSON.stringify(headers.map(({ key, value }) => [key, bytesOf(value)?.toString('base64') ?? null]));
}

/** Stores where the saga has heard up to. */
export async function writeOffsets(client: SqlClient, tables: SagaTables, saga: string, next: readonly HeardOffset[]): Promise<void> {
  if (next.length === 0) return;
  await client.query(
    `insert into ${tables.offsets} (saga, topic, part, next_offset, era)
     select $1, * from unnest($2::text[], $3::integer[], $4::bigint[], $5::integer[])
     on conflict (saga, topic, part) do update set next_offset = excluded.next_offset, era = excluded.era`,
    [
      saga,
      next.map(({ topic }) => topic),
      next.map(({ partition }) => partition),
      next.map(({ offset }) => String(offset)),
      next.map(({ era }) => era),
    ],
  );
}

export async function readOffsets(client: SqlClient, tables: SagaTables, saga: string): Promise<readonly HeardOffset[]> {
  const { rows } = await client.query<{ topic: string; part: number; next: string; era: number }>(
    `select topic, part, next_offset::text as next, era from ${tables.offsets} where saga = $1`,
    [saga],
  );
  return rows.map(({ topic, part, next, era }) => ({ topic, partition: part, offset: BigInt(next), era }));
}

/** Stores a definition where it is given, and drops others. */
export async function writeDefinitions(
  client: SqlClient,
  tables: SagaTables,
  saga: string,
  current: PinnedDefinition | null,
  dropped: readonly string[],
): Promise<void> {
  if (dropped.length > 0)
    await client.query(`delete from ${tables.definitions} where saga = $1 and hash = any ($2::text[])`, [saga, dropped]);
  if (current === null) return;
  const { hash, definition } = current;
  await client.query(`insert into ${tables.definitions} (saga, hash, definition) values ($1, $2, $3)`, [
    saga,
    hash,
    JSON.stringify(definition),
  ]);
}
