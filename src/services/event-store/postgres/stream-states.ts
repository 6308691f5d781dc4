import { SluiceError } from '../../../contract/index.ts';
import type { StreamId, StreamRetention } from '../event-store.ts';
import { formatStream } from '../stream-id.ts';
import type { SqlClient } from './sql-client.ts';
import { placeBits, type StoreTables } from './tables.ts';

/** A stream as the store has it; changed as a batch goes on. */
export type StreamState = {
  readonly stream: StreamId;
  version: bigint;
  position: bigint;
  hiddenThrough: bigint;
  erased: boolean;
  /** null: none of its own. */
  readonly retention: StreamRetention | null;
};

/** An event that is stored: of which stream, at which version. */
export type StoredEvent = { readonly stream: string; readonly version: bigint };

/** What a transaction needs to know before it writes. */
export type Found = {
  readonly streams: ReadonlyMap<string, StreamState>;
  /** Of the ids asked for, those that are stored. */
  readonly known: Map<string, StoredEvent>;
  /** Of the next event of this transaction, and behind all that it may have. */
  readonly nextPosition: bigint;
  readonly positionsEnd: bigint;
};

type StreamJson = readonly [
  place: number,
  version: string,
  position: string,
  hiddenThrough: string,
  erased: boolean,
  ownRetention: boolean,
  eventsMax: string | null,
  ageMsMax: string | null,
];
type KnownJson = readonly [id: string, type: string, aggregate: string, version: string];
type FoundRow = {
  readonly transaction: string;
  readonly last: string | null;
  readonly isolation: string;
  readonly streams: readonly StreamJson[] | null;
  readonly known: readonly KnownJson[] | null;
};

const numberOrNull = (text: string | null) => (text === null ? null : Number(text));

export function isThere({ version, hiddenThrough, erased }: StreamState): boolean {
  return !erased && version > hiddenThrough;
}

/**
 * Reads the streams, whose locks must be held, and which of the event ids are stored; gives the transaction its id. Throws SluiceError STORE_FAILED for
 * a transaction of another isolation than READ COMMITTED: it would not see what was written before the lock was had.
 */
export async function findStreams(
  client: SqlClient,
  tables: StoreTables,
  streams: readonly StreamId[],
  eventIds: readonly string[],
): Promise<Found> {
  const text = `
select t.id::text as transaction, current_setting('transaction_isolation') as isolation,
  (select json_agg(json_build_array(n, s.version::text, s.position::text, s.hidden_through::text, s.erased,
                                      s.own_retention, s.events_max::text, s.age_ms_max::text))
     from unnest($1::text[], $2::text[]) with ordinality as w (t, i, n)
     join ${tables.streams} s on s.aggregate_type = w.t and s.aggregate_id = w.i) as streams,
  (select json_agg(json_build_array(e.event_id, e.aggregate_type, e.aggregate_id, e.version::text))
     from ${tables.events} e where e.event_id = any ($3::text[])) as known,
  (select max(e.position) from ${tables.events} e where e.position >= t.id << ${placeBits} and e.position < (t.id + 1) << ${placeBits}) as last
from (select transactions + pg_current_xact_id()::text::bigint as id from ${tables.origin}) t`;
  const { rows } = await client.query<FoundRow>(text, [streams.map(({ type }) => type), streams.map(({ id }) => id), eventIds]);
  const row = rows[0];
  if (!row)
    throw new SluiceError(
      'STORE_FAILED',
      `The event store ${tables.name} has no row in its table of the origin: it was made by another hand.`,
    );
  if (row.isolation !== 'read committed')
    throw new SluiceError(
      'STORE_FAILED',
      `An append to the event store ${tables.name} is in a transaction of isolation ${row.isolation}.`,
      {
        remedy: 'Append in a transaction of isolation READ COMMITTED; versions are kept by the store’s own locks.',
      },
    );
  const found = new Map<string, StreamState>(
    streams.map(stream => [formatStream(stream), { stream, version: 0n, position: 0n, hiddenThrough: 0n, erased: false, retention: null }]),
  );
  for (const [place, version, position, hiddenThrough, erased, ownRetention, eventsMax, ageMsMax] of row.streams ?? []) {
    const stream = streams[place - 1]!;
    found.set(formatStream(stream), {
      stream,
      version: BigInt(version),
      position: BigInt(position),
      hiddenThrough: BigInt(hiddenThrough),
      erased,
      retention: ownRetention ? { eventsMax: numberOrNull(eventsMax), ageMsMax: numberOrNull(ageMsMax) } : null,
    });
  }
  const known = (row.known ?? []).map(
    ([id, type, aggregate, version]) => [id, { stream: formatStream({ type, id: aggregate }), version: BigInt(version) }] as const,
  );
  const transaction = BigInt(row.transaction);
  const nextPosition = row.last === null ? transaction << placeBits : BigInt(row.last) + 1n;
  return { streams: found, known: new Map(known), nextPosition, positionsEnd: (transaction + 1n) << placeBits };
}
