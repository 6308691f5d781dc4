import type { PlacedEvent } from './append-plan.ts';
import type { SqlClient } from './sql-client.ts';
import type { StreamState } from './stream-states.ts';
import type { StorePlace, StoreTables } from './tables.ts';

const rowOf = ({ stream, version, position, event }: PlacedEvent): string =>
  `{"p":${position},"i":${JSON.stringify(event.id)},"at":${JSON.stringify(stream.type)},"ai":${JSON.stringify(stream.id)},` +
  `"t":${JSON.stringify(event.type)},"v":${version},"s":${event.schemaVersion},"ms":${event.timestampMs},` +
  `"d":${event.dataText},"m":${event.metadataText}}`;

/** Stores events and where their streams are now: one statement. */
export async function writeEvents(
  client: SqlClient,
  tables: StoreTables,
  events: readonly PlacedEvent[],
  changed: readonly StreamState[],
): Promise<void> {
  const text = `
with stored as (
  insert into ${tables.events} (position, event_id, aggregate_type, aggregate_id, event_type, event_data, version, schema_version, timestamp, metadata)
  select (r->>'p')::bigint, r->>'i', r->>'at', r->>'ai', r->>'t', r->'d', (r->>'v')::bigint, (r->>'s')::int,
         to_timestamp((r->>'ms')::double precision / 1000), r->'m'
    from jsonb_array_elements($1::jsonb) as r
)
insert into ${tables.streams} as s (aggregate_type, aggregate_id, version, position, hidden_through, erased)
select * from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::boolean[])
on conflict (aggregate_type, aggregate_id) do update
  set version = excluded.version, position = excluded.position, hidden_through = excluded.hidden_through, erased = excluded.erased`;
  await client.query(text, [
    `[${events.map(rowOf).join(',')}]`,
    changed.map(({ stream }) => stream.type),
    changed.map(({ stream }) => stream.id),
    changed.map(({ version }) => String(version)),
    changed.map(({ position }) => String(position)),
    changed.map(({ hiddenThrough }) => String(hiddenThrough)),
    changed.map(({ erased }) => erased),
  ]);
}

/** Erases what the streams' retention lets go, if it is time yet: always from the beginning, never the last event. */
export async function eraseOld(
  client: SqlClient,
  { tables, retention: retentionDefault, erases }: StorePlace,
  changed: readonly StreamState[],
  nowMs: number,
): Promise<void> {
  for (const { stream, version, retention } of changed) {
    const { eventsMax, ageMsMax } = retention ?? retentionDefault;
    const tooMany = eventsMax === null ? 0n : version - BigInt(eventsMax);
    if (tooMany <= 0n && ageMsMax === null) continue;
    if (!erases()) return;
    const young = `select min(version) from ${tables.events} where aggregate_type = $1 and aggregate_id = $2 and timestamp >= to_timestamp($5::double precision / 1000)`;
    const text = `
delete from ${tables.events} where aggregate_type = $1 and aggregate_id = $2 and version < $4::bigint
   and (version <= $3::bigint or ($5::bigint is not null and version < coalesce((${young}), $4::bigint)))`;
    const oldestMs = ageMsMax === null ? null : nowMs - ageMsMax;
    await client.query(text, [stream.type, stream.id, String(tooMany), String(version), oldestMs]);
  }
}
