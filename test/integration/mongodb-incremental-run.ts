import { type Document, MongoClient } from 'mongodb';
import type { MongoConfig } from '../../connectors/mongodb/options.ts';
import { mongodbConnector } from '../../connectors/mongodb/plugin.ts';
import type { JsonObject } from '../../src/contract/index.ts';
import type { MongodbAddress } from '../services/mongodb.ts';
import { type FreshMongoDatabase, freshMongoDatabase } from '../support/fresh-mongo-database.ts';
import { randomOf } from '../support/random-changes.ts';
import { SourceRun } from '../support/source-run.ts';
import type { AnyRun } from './incremental-run.ts';

/** Documents of `items`. */
export const documents = 800;

export type Item = { _id: number; v: number; pad?: string };

/** A database with a collection `items` to be read. */
export async function itemsDatabase(server: MongodbAddress): Promise<FreshMongoDatabase> {
  const database = await freshMongoDatabase(server);
  const items = Array.from({ length: documents }, (_, n) => ({ _id: n + 1, v: 0, pad: 'x'.repeat(50) }));
  await database.db.collection<Item>('items').insertMany(items);
  await database.db.createCollection('signals');
  return database;
}

export const itemsTopic = ({ name }: FreshMongoDatabase) => `srv.${name}.items`;
export const signalCollectionOf = ({ name }: FreshMongoDatabase) => ({ 'signal.data.collection': `${name}.signals` });

export function mongoRunOf(database: FreshMongoDatabase, options: Readonly<Record<string, string>>): SourceRun<MongoConfig> {
  const config = { 'snapshot.mode': 'no_data', 'incremental.snapshot.chunk.size': '40', 'capture.mode': 'change_streams_update_full' };
  return new SourceRun(database.config({ ...config, ...options }), mongodbConnector);
}

/** As Debezium's documentation has it: `data` is a document, or JSON as a text. */
export async function insertSignal({ db }: FreshMongoDatabase, _id: string, type: string, data: Document | string): Promise<void> {
  await db.collection<{ _id: string }>('signals').insertOne({ _id, type, data } as { _id: string });
}

/** The offset that the stream stores. */
export const storedOffset = (run: AnyRun): JsonObject =>
  run.offsets.find(({ partition }) => Object.keys(partition).join() === 'server_id')?.offset ?? {};

/** Changes `items` by chance until it is told to rest; each document's `v` rises. One writer: the stand-in tells of several in their own time. */
export function changingItems({ url }: MongodbAddress, { name }: FreshMongoDatabase, seed: number): { rest(): Promise<void> } {
  const random = randomOf(seed);
  let busy = true;
  let version = 0;
  const load = (async () => {
    await using client = await MongoClient.connect(url);
    const items = client.db(name).collection<Item>('items');
    while (busy) {
      await using session = client.startSession();
      const grouped = random(3) === 0;
      if (grouped) session.startTransaction();
      const within = grouped ? { session } : {};
      const touched = new Set<number>();
      for (let n = random(4); n >= 0; n--) {
        const _id = 1 + random(documents);
        if (touched.has(_id)) continue;
        touched.add(_id);
        const kind = random(10);
        const v = ++version;
        if (kind < 6) await items.updateOne({ _id }, { $set: { v } }, within);
        else if (kind < 8) await items.deleteOne({ _id }, within);
        else await items.replaceOne({ _id }, { v, pad: `replaced ${v}` }, { upsert: true, ...within });
      }
      if (grouped) await (random(8) === 0 ? session.abortTransaction() : session.commitTransaction());
    }
  })();
  load.catch(() => {});
  return {
    async rest() {
      busy = false;
      await load;
    },
  };
}
