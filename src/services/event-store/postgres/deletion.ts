import type { ExpectedVersion, StreamId, StreamRetention } from '../event-store.ts';
import { streamConflict, streamDeleted, versionFits } from '../expected-version.ts';
import type { PreparedEvent } from '../storage.ts';
import { AppendPlan } from './append-plan.ts';
import { writeEvents } from './append-transaction.ts';
import type { SqlClient } from './sql-client.ts';
import { lockAll, streamLocks } from './stream-lock.ts';
import { findStreams, isThere } from './stream-states.ts';
import type { StoreTables } from './tables.ts';

/** What a deletion is told. */
export type Deletion = { readonly mode: 'soft' | 'hard'; readonly expectedVersion: ExpectedVersion; readonly event: PreparedEvent };

/** `EventStorage.delete`, in a transaction that has begun. */
export async function deleteWithin(client: SqlClient, tables: StoreTables, stream: StreamId, deletion: Deletion): Promise<void> {
  const { mode, expectedVersion, event } = deletion;
  await client.query(lockAll(streamLocks(tables, [stream])));
  const found = await findStreams(client, tables, [stream], [event.id]);
  // A former attempt was committed, and its answer lost.
  if (found.known.has(event.id)) return;
  const plan = new AppendPlan(found);
  const state = plan.state(stream);
  if (state.erased) {
    if (mode === 'hard') return;
    throw streamDeleted(stream);
  }
  const now = { version: state.version, exists: isThere(state) };
  if (!versionFits(expectedVersion, now)) throw streamConflict(stream, expectedVersion, now);
  if (state.version === 0n || (mode === 'soft' && !now.exists)) return;
  plan.place(state, event);
  state.hiddenThrough = state.version;
  state.erased = mode === 'hard';
  await writeEvents(client, tables, plan.events, [state]);
  const of = [stream.type, stream.id];
  await client.query(`delete from ${tables.states} where aggregate_type = $1 and aggregate_id = $2`, of);
  if (mode === 'hard')
    await client.query(`delete from ${tables.events} where aggregate_type = $1 and aggregate_id = $2 and version < $3::bigint`, [
      ...of,
      state.version,
    ]);
}

/** `EventStorage.setRetention`. */
export async function retainWithin(client: SqlClient, tables: StoreTables, stream: StreamId, retention: StreamRetention): Promise<void> {
  await client.query(lockAll(streamLocks(tables, [stream])));
  const text = `
insert into ${tables.streams} as s (aggregate_type, aggregate_id, own_retention, events_max, age_ms_max) values ($1, $2, true, $3, $4)
on conflict (aggregate_type, aggregate_id) do update
  set own_retention = true, events_max = excluded.events_max, age_ms_max = excluded.age_ms_max where not s.erased`;
  const { rowCount } = await client.query(text, [stream.type, stream.id, retention.eventsMax, retention.ageMsMax]);
  if (rowCount === 0) throw streamDeleted(stream);
}
