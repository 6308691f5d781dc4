import { SluiceError } from '../../../contract/index.ts';
import type { AppendResult, StreamId } from '../event-store.ts';
import type { PreparedAppend } from '../storage.ts';
import { formatStream } from '../stream-id.ts';
import { AppendPlan } from './append-plan.ts';
import { eraseOld, writeEvents } from './append-transaction.ts';
import type { SqlClient } from './sql-client.ts';
import { lockAll, streamLock, streamLocks, tryLocks } from './stream-lock.ts';
import { findStreams } from './stream-states.ts';
import type { StorePlace } from './tables.ts';

/** An append that stands in a batch. */
export type BatchedAppend = {
  readonly appends: readonly PreparedAppend[];
  /** It was sent to be committed before, and nobody knows whether it was: ids of its own making are looked for too. */
  readonly uncertain: boolean;
};

/** What becomes of an append of a batch. `locked`: a stream of it is another transaction's just now; nothing of it was done. */
export type BatchOutcome = readonly AppendResult[] | SluiceError | 'locked';

/** How a transaction of the store's own begins: durable when it is committed, and seeing what was committed while it waited for a lock. */
const begin =
  'begin isolation level read committed read write; ' +
  "select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'; ";

type LockRow = { readonly lock: string; readonly held: boolean };

const namesOf = (appends: readonly PreparedAppend[]) => appends.map(({ stream }) => formatStream(stream));

/** What was found to be free, of a text with several statements: the last one's rows. */
function lastRows(results: unknown): readonly LockRow[] {
  const last = Array.isArray(results) ? (results as readonly { readonly rows: readonly LockRow[] }[]).at(-1) : undefined;
  return last?.rows ?? [];
}

/**
 * Does a batch in one transaction. It waits for the streams' locks up to `lockMsMax`; null: it does not wait, and appends whose locks are not free are
 * left out. An append that is refused leaves the others as they are. `onCommit` is called before the commit is sent. Throws what the database reports: then
 * nothing of it was done, unless the commit was sent.
 */
export async function runBatch(
  client: SqlClient,
  place: StorePlace,
  batch: readonly BatchedAppend[],
  lockMsMax: number | null,
  onCommit: () => void,
): Promise<readonly BatchOutcome[]> {
  const locks = streamLocks(place.tables, streamsOf(batch));
  let free: (append: BatchedAppend) => boolean = () => true;
  if (lockMsMax !== null) await client.query(`${begin}set local lock_timeout = ${lockMsMax}; ${lockAll(locks)}`);
  else {
    const held = new Set(lastRows(await client.query(`${begin}${tryLocks(locks)}`)).flatMap(row => (row.held ? [row.lock] : [])));
    free = ({ appends }) => appends.every(({ stream }) => held.has(streamLock(place.tables, stream)));
  }
  const taken = batch.filter(free);
  const done = taken.length === 0 ? [] : await decideAndWrite(client, place, taken);
  const outcomes = new Map<BatchedAppend, BatchOutcome>(taken.map((append, index) => [append, done[index]!]));
  onCommit();
  await client.query('commit');
  return batch.map(append => outcomes.get(append) ?? 'locked');
}

function streamsOf(batch: readonly BatchedAppend[]): readonly StreamId[] {
  const streams = new Map(batch.flatMap(({ appends }) => appends.map(({ stream }) => [formatStream(stream), stream] as const)));
  return [...streams.values()];
}

async function decideAndWrite(client: SqlClient, place: StorePlace, batch: readonly BatchedAppend[]): Promise<readonly BatchOutcome[]> {
  const ids = batch.flatMap(({ appends, uncertain }) =>
    appends.flatMap(({ events }) => events.filter(({ idGiven }) => idGiven || uncertain).map(({ id }) => id)),
  );
  const plan = new AppendPlan(await findStreams(client, place.tables, streamsOf(batch), ids));
  const outcomes = batch.map(({ appends }): BatchOutcome => {
    try {
      return plan.add(appends);
    } catch (error) {
      if (error instanceof SluiceError) return error;
      throw error;
    }
  });
  if (plan.events.length > 0) {
    const changed = [...plan.changed];
    await writeEvents(client, place.tables, plan.events, changed);
    await eraseOld(client, place, changed, Date.now());
  }
  return outcomes;
}

/**
 * Does one append in a transaction of the caller's own, which commits it or not. Throws SluiceError as `EventStorage.append` does (nothing was written
 * then), or what the database reports.
 */
export async function appendWithin(
  client: SqlClient,
  place: StorePlace,
  appends: readonly PreparedAppend[],
): Promise<readonly AppendResult[]> {
  const streams = appends.map(({ stream }) => stream);
  await client.query(lockAll(streamLocks(place.tables, streams)));
  const [outcome] = await decideAndWrite(client, place, [{ appends, uncertain: false }]);
  if (outcome instanceof SluiceError) throw outcome;
  if (outcome === undefined || outcome === 'locked')
    throw new SluiceError('INTERNAL', `An append to ${namesOf(appends).join(', ')} has no outcome.`);
  return outcome;
}
