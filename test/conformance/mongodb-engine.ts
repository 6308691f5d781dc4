import { BSON, type Document, MongoClient } from 'mongodb';
import type { MongodbAddress } from '../services/mongodb.ts';
import { until } from '../support/until.ts';
import { type CaseEngine, settleBound } from './engines.ts';
import type { RunningCase } from './recorder.ts';

type Event = { readonly ns?: { readonly db: string } };
type Offsets = {
  readonly offsets: readonly { readonly offset: { readonly resume_token?: string; readonly initsync?: boolean } | null }[];
};

/** Where marks are written: a database that no connector captures. */
const marks = 'caught_up_marks';

/**
 * Whether no change of that database lies behind a resume token: a stream from there comes to a mark that is written now before it comes to any. A
 * stream that is silent for a while would tell nothing, since a laden server is silent too.
 */
async function nothingBehind(client: MongoClient, database: string, token: Document): Promise<boolean> {
  const admin = client.db('admin');
  await using session = client.startSession();
  const mark = new BSON.ObjectId();
  await client.db(marks).collection('marks').insertOne({ _id: mark });
  const wanted = { $or: [{ 'ns.db': database }, { 'ns.db': marks, 'documentKey._id': mark }] };
  const pipeline = [{ $changeStream: { startAfter: token, allChangesForCluster: true } }, { $match: wanted }];
  const { cursor } = await admin.command({ aggregate: 1, pipeline, cursor: {} }, { session });
  const more = { getMore: BSON.Long.fromValue(cursor.id), collection: '$cmd.aggregate', maxTimeMS: 50 };
  let events = cursor.firstBatch as readonly Event[];
  const come = async () => {
    if (events.length === 0) events = (await admin.command(more, { session })).cursor.nextBatch;
    return events.length > 0;
  };
  await until(come, { what: 'a change stream to come to what was just written', everyMs: 0 });
  await admin.command({ killCursors: '$cmd.aggregate', cursors: [more.getMore] }, { session });
  return events[0]!.ns?.db === marks;
}

type Running = Pick<RunningCase, 'client' | 'connector'>;

/** The connector's stored resume token; null: it has none, or its snapshot is under way. */
async function storedToken({ client, connector }: Running): Promise<Document | null> {
  await client.assertNotFailed(connector);
  const { offsets } = await client.call<Offsets>('GET', `/connectors/${connector}/offsets`);
  const stored = offsets.find(({ offset }) => offset?.resume_token !== undefined)?.offset;
  return !stored?.resume_token || stored.initsync ? null : BSON.deserialize(Buffer.from(stored.resume_token, 'base64'));
}

/** Waits until the connector has stored a resume token that no change of the database lies behind. */
export async function caughtUp({ url }: MongodbAddress, database: string, running: Running): Promise<void> {
  await using client = await MongoClient.connect(url);
  const passed = async () => {
    const behind = await storedToken(running);
    return behind !== null && (await nothingBehind(client, database, behind));
  };
  await until(passed, { what: 'the stored resume token to be behind all changes', ...settleBound });
}

/** MongoDB, or what stands in for it. The connector's stored resume token tells how far it is: a stream behind it brings nothing more. */
export function mongodbEngine(server: MongodbAddress): CaseEngine {
  const { url } = server;
  const databases = new Map<string, string>();
  return {
    config({ database }, connector) {
      databases.set(connector, database);
      return {
        'connector.class': 'io.debezium.connector.mongodb.MongoDbConnector',
        'mongodb.connection.string': url,
        'database.include.list': database,
        // Debezium does not read what is made while it is stopped.
        'snapshot.new.tables': 'none',
      };
    },
    async openDatabase(name) {
      const client = await MongoClient.connect(url);
      await client.db(name).dropDatabase();
      return {
        run: async command => void (await client.db(name).command(BSON.EJSON.parse(command, { relaxed: false }))),
        async [Symbol.asyncDispose]() {
          await client.db(name).dropDatabase();
          await client.close();
        },
      };
    },
    async streaming(running) {
      // What the connector has not read yet, the stream brings: whenever it begins.
      await this.settled(running);
    },
    settled: running => caughtUp(server, databases.get(running.connector)!, running),
  };
}
