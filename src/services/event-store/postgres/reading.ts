import type pg from 'pg';
import type { RecordedEvent, StreamId, StreamSlice } from '../event-store.ts';
import type { ReadRange } from '../storage.ts';
import { type EventRow, eventColumns, recordedEvent } from './event-row.ts';
import { placeBits, type StoreTables } from './tables.ts';

type SliceRow = { readonly last: string; readonly there: boolean } & (EventRow | { readonly event_id: null });

/**
 * The first position that is not to be read yet: of the oldest transaction that still runs. What is below it is committed or never will be. It is the oldest
 * of the whole server, whatever it writes to; reading the end waits for it, publishing does not.
 */
const visibleEnd = (tables: StoreTables) =>
  `((select transactions from ${tables.origin}) + pg_snapshot_xmin(pg_current_snapshot())::text::bigint) << ${placeBits}`;

/** One page of a stream, with its version, in one statement. */
export async function readStream(pool: pg.Pool, tables: StoreTables, stream: StreamId, range: ReadRange): Promise<StreamSlice> {
  const backwards = range.direction === 'backwards';
  const text = `
select s.version as last, (not s.erased and s.version > s.hidden_through) as there, ${eventColumns.replace('e.version', 'e.version as version')}
  from ${tables.streams} s
  left join lateral (
    select * from ${tables.events} e
     where e.aggregate_type = s.aggregate_type and e.aggregate_id = s.aggregate_id and e.version > s.hidden_through and not s.erased
       and ($3::bigint is null or e.version ${backwards ? '<=' : '>='} $3) and ($4::bigint is null or e.version <= $4)
     order by e.version ${backwards ? 'desc' : 'asc'} limit $5
  ) e on true
 where s.aggregate_type = $1 and s.aggregate_id = $2
 order by e.version ${backwards ? 'desc' : 'asc'}`;
  const { from, to, limit } = range;
  const { rows } = await pool.query<SliceRow>(text, [stream.type, stream.id, from, to, limit]);
  const first = rows[0];
  if (!first) return { events: [], version: 0n, exists: false };
  const events = rows.flatMap(row => (row.event_id === null ? [] : [recordedEvent(row)]));
  return { events, version: BigInt(first.last), exists: first.there };
}

/** Events behind a position, in the order of positions, as far as nothing can come in between any more. */
export async function readAll(pool: pg.Pool, tables: StoreTables, after: bigint, limit: number): Promise<readonly RecordedEvent[]> {
  const text = `select ${eventColumns} from ${tables.events} e where e.position > $1 and e.position < ${visibleEnd(tables)} order by e.position limit $2`;
  const { rows } = await pool.query<EventRow>(text, [after, limit]);
  return rows.map(recordedEvent);
}

/** The position of the last event that `readAll` answers; 0 where there is none. */
export async function readHead(pool: pg.Pool, tables: StoreTables): Promise<bigint> {
  const text = `select coalesce(max(e.position), 0)::text as head from ${tables.events} e where e.position < ${visibleEnd(tables)}`;
  const { rows } = await pool.query<{ readonly head: string }>(text);
  return BigInt(rows[0]?.head ?? 0);
}
