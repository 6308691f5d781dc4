import type { MongoClient } from 'mongodb';
import type { ListedCollection } from './collections.ts';
import { RawCursor } from './raw-cursor.ts';
import { idText } from './snapshot-collection.ts';

/** Ranges hold unequal numbers of documents: with several for each reader, all of them end at about the same time. */
const rangesPerReader = 4;
/** The more ids are drawn for a range, the less do ranges differ in size. */
const samplesPerRange = 16;

export type RangePlan = {
  /** `snapshot.max.threads`. */
  readonly readers: number;
  /** `snapshot.fetch.size`: a range has more documents than one batch, by the server's estimate. */
  readonly batchSize: number;
};

/**
 * The ids at which a collection is cut for several readers, in the order of its index; none where it is read by one. They are drawn by chance
 * by the server ($sample, which reads an index or as many documents as are drawn): unlike `splitVector` that needs no right but to read, and
 * unlike `$bucketAuto` it does not sort the whole collection.
 */
export async function boundariesOf(
  client: MongoClient,
  collection: ListedCollection,
  { readers, batchSize }: RangePlan,
  abort: AbortSignal,
): Promise<readonly string[]> {
  if (readers < 2 || collection.derived) return [];
  const { database, collection: name } = collection;
  const documents = await client.db(database).collection(name).estimatedDocumentCount();
  const ranges = Math.min(readers * rangesPerReader, Math.floor(documents / batchSize));
  if (ranges < 2) return [];
  const drawn = await drawIds(client, collection, ranges * samplesPerRange, abort);
  const step = drawn.length / ranges;
  const boundaries = Array.from({ length: ranges - 1 }, (_, index) => drawn[Math.floor((index + 1) * step)]);
  return [...new Set(boundaries.filter(id => id !== undefined))];
}

/** Ids of documents by chance, sorted as the index on `_id` sorts them. */
async function drawIds(client: MongoClient, { database, collection }: ListedCollection, size: number, abort: AbortSignal) {
  const pipeline = [{ $sample: { size } }, { $project: { _id: 1 } }, { $sort: { _id: 1 } }];
  await using cursor = await RawCursor.open(client, database, { aggregate: collection, pipeline, cursor: { batchSize: size } }, abort);
  const ids: string[] = [];
  while (!cursor.exhausted) for (const document of (await cursor.next(size, null)).documents) ids.push(idText(document));
  return ids;
}
