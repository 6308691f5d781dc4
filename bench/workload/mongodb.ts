import { BSON, type Collection } from 'mongodb';
import type { MongodbServer } from '../../test/services/mongodb.ts';
import { type FreshMongoDatabase, freshMongoDatabase } from '../../test/support/fresh-mongo-database.ts';
import type { Backlog, BenchDatabase, RunStart } from './bench-database.ts';

/** The stand-in forgets what lies longer back than this; every backlog must lie within. */
export const mongodbArguments = ['--oplog-max-entries', '10000000', '--oplog-retention-seconds', '86400'] as const;

const documentsPerInsert = 5_000;
const states = ['placed', 'paid', 'packed', 'shipped', 'delivered'] as const;

type Order = { readonly _id: number };

/** An order with the fields of the tables of the other databases. */
function order(n: number): Order {
  const note = `Please leave the parcel with the neighbours of house ${n}. `;
  const columns = {
    customer_id: (n * 7919) % 100_000,
    product: `Product number ${n % 5000}`,
    quantity: (n % 9) + 1,
    price: BSON.Decimal128.fromString(((n % 100_000) / 100 + 1).toFixed(2)),
    status: states[n % 5],
    paid: n % 2 === 0,
    created_at: new Date(Date.UTC(2026, 0, 1) + n * 1000),
    attributes: { channel: 'web', priority: n % 3, warehouse: `north-${n % 12}`, gift: n % 7 === 0 },
    note: note.padEnd(285, 'Ring the bell twice and wait a moment. '),
  };
  return { _id: n, ...columns };
}

/** SecantusDB, a stand-in for MongoDB: what it gives a reader may be less than the reader could take. */
export class MongodbBench implements BenchDatabase {
  readonly name = 'mongodb';
  readonly server: MongodbServer;
  readonly database: FreshMongoDatabase;

  constructor(server: MongodbServer, database: FreshMongoDatabase) {
    this.server = server;
    this.database = database;
  }

  static async create(server: MongodbServer): Promise<MongodbBench> {
    return new MongodbBench(server, await freshMongoDatabase(server, 'bench'));
  }

  get namespace(): string {
    return this.database.name;
  }

  async version(): Promise<string> {
    const { version } = await this.database.db.admin().serverInfo();
    return `${String(version)} as SecantusDB says it`;
  }

  connectorConfig(table: string): Readonly<Record<string, string>> {
    return {
      'connector.class': 'io.debezium.connector.mongodb.MongoDbConnector',
      'mongodb.connection.string': this.server.url,
      'database.include.list': this.database.name,
      'collection.include.list': `${this.database.name}.${table}`,
    };
  }

  #collection(name: string): Collection<Order> {
    return this.database.db.collection<Order>(name);
  }

  async makeTable(table: string, count: number): Promise<void> {
    for (let first = 1; first <= count; first += documentsPerInsert) {
      const documents = Array.from({ length: Math.min(documentsPerInsert, count - first + 1) }, (_, index) => order(first + index));
      await this.#collection(table).insertMany(documents, { ordered: false });
    }
  }

  /** Each run goes on behind the same resume token: an offset, as Debezium stores it. One command changes as many documents as a transaction rows. */
  async makeBacklog(table: string, count: number, documentsPerCommand: number): Promise<Backlog> {
    const changes = this.database.db.watch();
    await changes.tryNext();
    const token = changes.resumeToken as BSON.Document;
    await changes.close();
    for (let first = 1; first <= count; first += documentsPerCommand) {
      const last = Math.min(first + documentsPerCommand - 1, count);
      await this.#collection(table).updateMany(
        { _id: { $gte: first, $lte: last } },
        { $set: { status: 'returned' }, $inc: { quantity: 1 } },
      );
    }
    const offset = { sec: -1, ord: -1, resume_token: Buffer.from(BSON.serialize(token)).toString('base64') };
    return { begin: async () => ({ ...this.begin(), offset: topicPrefix => ({ partition: { server_id: topicPrefix }, offset }) }) };
  }

  begin(): RunStart {
    return { config: {}, offset: null, [Symbol.asyncDispose]: async () => {} };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
  }
}
