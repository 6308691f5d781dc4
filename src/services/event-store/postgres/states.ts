import type pg from 'pg';
import { parseExactIntegers } from '../../../contract/index.ts';
import type { EventJson, StreamId } from '../event-store.ts';
import type { StateText, StoredState } from '../storage.ts';
import type { StoreTables } from './tables.ts';

type StateRow = { readonly version: string; readonly timestamp_ms: string; readonly state: string };

/** A state is as good as the events it is made of: behind a deletion there is none. */
const stillThere = 'not s.erased and s.hidden_through <';

export async function readState(pool: pg.Pool, tables: StoreTables, { type, id }: StreamId, name: string): Promise<StoredState | null> {
  const text = `
select a.version, a.timestamp_ms, a.state::text as state from ${tables.states} a
  join ${tables.streams} s on s.aggregate_type = a.aggregate_type and s.aggregate_id = a.aggregate_id
 where a.aggregate_type = $1 and a.aggregate_id = $2 and a.name = $3 and ${stillThere} a.version`;
  const { rows } = await pool.query<StateRow>(text, [type, id, name]);
  const row = rows[0];
  return row
    ? { version: BigInt(row.version), timestampMs: Number(row.timestamp_ms), state: parseExactIntegers(row.state) as EventJson }
    : null;
}

export async function writeState(
  pool: pg.Pool,
  tables: StoreTables,
  { type, id }: StreamId,
  name: string,
  stored: StateText,
): Promise<void> {
  const text = `
insert into ${tables.states} as a (aggregate_type, aggregate_id, name, version, timestamp_ms, state)
select $1, $2, $3, $4::bigint, $5::bigint, $6::jsonb from ${tables.streams} s
 where s.aggregate_type = $1 and s.aggregate_id = $2 and ${stillThere} $4::bigint
on conflict (aggregate_type, aggregate_id, name) do update
  set version = excluded.version, timestamp_ms = excluded.timestamp_ms, state = excluded.state where a.version < excluded.version`;
  await pool.query(text, [type, id, name, stored.version, stored.timestampMs, stored.text]);
}
