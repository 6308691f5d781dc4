import type { Document, MongoClient } from 'mongodb';
import { SluiceError } from '../../src/contract/index.ts';
import { type AnyChunk, type ChunkDatabase, type ChunkRequest, type LastKey, UnfitTable } from '../debezium/incremental/chunk-database.ts';
import type { Collection } from '../debezium/incremental/state.ts';
import { timeNumber, timestampOf } from './cluster-time.ts';
import { namespaceOf } from './collection-id.ts';
import type { CollectionRecords } from './collection-records.ts';
import type { Collections, ListedCollection } from './collections.ts';
import { databaseError } from './database-error.ts';
import { parseExtendedJson } from './options-capture.ts';
import { RawCursor } from './raw-cursor.ts';
import { idBound, idText } from './snapshot-collection.ts';
import type { ChunkView, StreamReach } from './stream-reach.ts';
import type { Watermarks } from './watermarks.ts';

/** Documents as they lie in the server's answer. */
export type DocumentChunk = AnyChunk<ChunkView> & { readonly rows: readonly Buffer[]; readonly records: CollectionRecords };

export type ChunkReaderParts = {
  /** The stream's own. */
  readonly client: MongoClient;
  readonly collections: Collections;
  readonly reach: StreamReach;
  /** null: nothing is written (`read.only`, or no signal collection). */
  readonly watermarks: Watermarks | null;
  readonly abort: AbortSignal;
};

type Found = { readonly documents: readonly Buffer[]; readonly more: boolean; readonly at: bigint | null };

/**
 * Reads chunks of collections beside the stream, by `_id`. A chunk is no view of one moment, and need not be: it sees all that the stream had
 * brought when it was begun (`afterClusterTime`), and nothing later than the time at which it had been read. Of a document that the stream brings a
 * change of in between, or until the chunk is published, the change is published alone.
 */
export class ChunkReader implements ChunkDatabase<ChunkView, DocumentChunk> {
  readonly #parts: ChunkReaderParts;
  readonly #listed = new Map<string, ListedCollection>();

  constructor(parts: ChunkReaderParts) {
    this.#parts = parts;
  }

  async lastKey(collection: Collection): Promise<LastKey | null> {
    try {
      const listed = await this.#collection(collection.name);
      const { documents } = await this.#find(listed, 1, { filter: filterOf(collection), sort: { _id: -1 }, projection: { _id: 1 } });
      return documents[0] === undefined ? null : { key: [idText(documents[0])], classes: [null] };
    } catch (error) {
      throw databaseError(error, `Looking for the end of ${collection.name}`);
    }
  }

  async readChunk(request: ChunkRequest): Promise<DocumentChunk> {
    try {
      const close = await this.#parts.watermarks?.open();
      const chunk = await this.#read(request);
      await close?.();
      return chunk;
    } catch (error) {
      throw databaseError(error, `Reading a chunk of ${request.collection.name}`);
    }
  }

  async #read({ collection, after, upTo, rowsMax }: ChunkRequest): Promise<DocumentChunk> {
    const listed = await this.#collection(collection.name);
    const filter = filterOf(collection);
    const [from, until] = [after?.[0] ?? null, upTo[0]!];
    // Ids are compared across types as the index orders them, so by the index's bounds: the lower one is inclusive, the upper one is not.
    const limit = from === null ? rowsMax : rowsMax + 1;
    const bounds = { ...(from === null ? {} : { min: idBound(from) }), max: idBound(until) };
    const within = (meant: Document) => this.#find(listed, limit, { filter: meant, sort: { _id: 1 }, hint: { _id: 1 }, ...bounds });
    const startsRead = ({ documents: [first] }: Found) => first !== undefined && idText(first) === from;
    let body: Found = from === until ? { documents: [], more: false, at: null } : await within(filter);
    // An answer holds no more than 16 MB: the document that is read already may have filled it.
    if (from !== null && body.more && body.documents.length === 1 && startsRead(body))
      body = await within({ $and: [{ _id: { $ne: idBound(from)['_id'] } }, filter] });
    const isRead = startsRead(body);
    const rows = body.documents.slice(isRead ? 1 : 0).slice(0, rowsMax);
    let { at } = body;
    if (!body.more && rows.length < rowsMax && from !== until) {
      const end = await this.#find(listed, 1, { filter: { $and: [idBound(until), filter] } });
      rows.push(...end.documents);
      at = end.at;
    }
    const keys = rows.map(idText);
    const last = keys.at(-1);
    return {
      view: { readAt: at, asked: this.#parts.reach.asked },
      records: this.#parts.collections.of(listed),
      rows,
      keys,
      last: last === undefined ? null : [last],
      classes: [null],
      more: body.more,
    };
  }

  /** What fits into one answer; `more`: it was too much for one. */
  async #find({ database, collection }: ListedCollection, limit: number, more: Document): Promise<Found> {
    const { client, reach, abort } = this.#parts;
    const { brought } = reach;
    const readConcern = { level: 'majority', ...(brought > 0n ? { afterClusterTime: timestampOf(brought) } : {}) };
    const command = { find: collection, ...more, limit, batchSize: limit, readConcern };
    await using cursor = await RawCursor.open(client, database, command, abort);
    const { documents } = await cursor.next(limit, null);
    const time = cursor.operationTime;
    const at = time === null ? null : timeNumber({ seconds: time.getHighBitsUnsigned(), increment: time.getLowBitsUnsigned() });
    return { documents, more: !cursor.exhausted, at };
  }

  /** Throws UnfitTable where it is no captured collection, or none that has an index on its ids. */
  async #collection(name: string): Promise<ListedCollection> {
    const known = this.#listed.get(name);
    if (known !== undefined) return known;
    const found = (await this.#parts.collections.list(this.#parts.client)).find(id => namespaceOf(id) === name);
    if (found === undefined)
      throw new UnfitTable(
        'UNKNOWN_SCHEMA',
        `There is no collection ${name} among those that are captured.`,
        'Name collections as database.collection, and have collection.include.list include them.',
      );
    if (found.derived)
      throw new UnfitTable(
        'NO_PRIMARY_KEY',
        `${name} is a view or a time series: it cannot be read by ranges of its ids.`,
        'Read the collection that it is made of.',
      );
    this.#listed.set(name, found);
    return found;
  }

  /** The client is the stream's. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A collection's condition: a filter as extended JSON, which Debezium stores in parentheses. Throws SNAPSHOT_FAILED where it is none. */
function filterOf({ name, filter }: Collection): Document {
  if (filter === null) return {};
  try {
    const read = parseExtendedJson(/^\(.*\)$/s.test(filter) ? filter.slice(1, -1) : filter);
    if (read !== null && typeof read === 'object' && !Array.isArray(read)) return read;
  } catch {
    // It is told of below.
  }
  throw new SluiceError('SNAPSHOT_FAILED', `The condition of ${name} is not a JSON document.`, {
    remedy: 'Write it as a filter of find, in extended JSON.',
  });
}
