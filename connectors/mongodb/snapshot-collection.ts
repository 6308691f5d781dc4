import { BSON, type Document, type MongoClient } from 'mongodb';
import { findElement } from './bson/elements.ts';
import type { ListedCollection } from './collections.ts';
import { RawCursor } from './raw-cursor.ts';
import type { CollectionRange } from './snapshot-ranges.ts';

/** How a collection is read. */
export type ReadingOrder =
  /** Small: one unit, in the order in which the server gives it. */
  | 'whole'
  /** By `_id`, so that reading can go on behind any document. */
  | 'id'
  /** Large, but a view or a time series: an interrupted reading starts again. */
  | 'unordered';

/** Documents of one answer. */
export type CollectionRows = { readonly documents: readonly Buffer[]; readonly bytes: number };

/** By the server's estimate: what fits into one batch is read whole. */
export async function readingOrder(client: MongoClient, collection: ListedCollection, batchSize: number): Promise<ReadingOrder> {
  if (collection.derived) return 'unordered';
  const { database, collection: name } = collection;
  const documents = await client.db(database).collection(name).estimatedDocumentCount();
  return documents <= batchSize ? 'whole' : 'id';
}

/** A document's `_id` as a text: the bytes of a document that holds it alone. */
export function idText(document: Buffer): string {
  const id = findElement(document, 0, '_id');
  if (id === null) return '';
  const bytes = Buffer.alloc(4 + 1 + 4 + (id.end - id.at) + 1);
  bytes.writeInt32LE(bytes.length);
  bytes[4] = id.type;
  bytes.write('_id\0', 5, 'latin1');
  document.copy(bytes, 9, id.at, id.end);
  return bytes.toString('base64');
}

/** An id, as `idText` has it, as a document of the server's: a bound of its index. */
export function idBound(id: string): Document {
  return BSON.deserialize(Buffer.from(id, 'base64'), { promoteValues: false });
}

/** What is read of a collection, and how. */
export type CollectionReading = {
  readonly order: ReadingOrder;
  readonly range: Pick<CollectionRange, 'from' | 'until' | 'after'>;
  readonly filter: Document | undefined;
  /** Documents of one answer. */
  readonly batchSize: number;
};

/**
 * The documents of a range, behind the last one that was read. Ids are compared across types as the index orders them, so not by a condition
 * (which compares within one type) but by the index's bounds: the lower one is inclusive, so the first document may have been read.
 */
export async function* readCollection(
  client: MongoClient,
  collection: ListedCollection,
  { order, range, filter, batchSize }: CollectionReading,
  abort: AbortSignal,
): AsyncGenerator<CollectionRows> {
  const { after, until } = range;
  const from = after ?? range.from;
  const byId = order === 'id' ? { sort: { _id: 1 }, hint: { _id: 1 } } : {};
  const bounds = { ...(from === null ? {} : { min: idBound(from) }), ...(until === null ? {} : { max: idBound(until) }) };
  const command = { find: collection.collection, filter: filter ?? {}, ...byId, ...bounds, batchSize, noCursorTimeout: order !== 'whole' };
  await using cursor = await RawCursor.open(client, collection.database, command, abort);
  let first = after !== null;
  while (!cursor.exhausted && !abort.aborted) {
    const { documents, bytes } = await cursor.next(batchSize, null);
    const read = first && documents[0] !== undefined && idText(documents[0]) === after;
    first &&= documents.length === 0;
    if (documents.length > 0) yield { documents: read ? documents.slice(1) : documents, bytes };
  }
}
