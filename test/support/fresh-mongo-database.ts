import { randomBytes } from 'node:crypto';
import { type Db, MongoClient } from 'mongodb';
import type { RawConfig } from '../../src/contract/index.ts';
import type { MongodbAddress } from '../services/mongodb.ts';

/** A database of one's own in a shared server; dropped when disposed. */
export type FreshMongoDatabase = AsyncDisposable & {
  readonly name: string;
  readonly client: MongoClient;
  readonly db: Db;
  /** A connector that captures this database alone. */
  config(options?: RawConfig): RawConfig;
};

/** Takes an empty database. */
export async function freshMongoDatabase(
  { url }: MongodbAddress,
  name = `test_${randomBytes(6).toString('hex')}`,
): Promise<FreshMongoDatabase> {
  const client = await MongoClient.connect(url);
  const db = client.db(name);
  await db.dropDatabase();
  return {
    name,
    client,
    db,
    config: options => ({
      'connector.class': 'io.debezium.connector.mongodb.MongoDbConnector',
      'topic.prefix': 'srv',
      'mongodb.connection.string': url,
      'database.include.list': name,
      ...options,
    }),
    async [Symbol.asyncDispose]() {
      await db.dropDatabase();
      await client.close();
    },
  };
}
