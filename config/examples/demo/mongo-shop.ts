import { type ClientSession, type Collection, type Db, MongoClient } from 'mongodb';
import { type Row, type Shop, type Table, tables } from './shop.ts';

type Document = { _id: number };

/** The shop in MongoDB. Its ids are the documents' own; a snapshot of how each was before is kept for the change stream. */
class MongoShop implements Shop {
  readonly environment: Readonly<Record<string, string>>;
  readonly #client: MongoClient;
  readonly #database: Db;
  #session: ClientSession | null = null;

  constructor(client: MongoClient, url: string) {
    this.#client = client;
    this.#database = client.db('public');
    this.environment = { DATABASE_URL: url };
  }

  #in(table: Table): Collection<Document> {
    return this.#database.collection<Document>(table);
  }

  /** Of the transaction that is under way. */
  get #options(): { session?: ClientSession } {
    return this.#session ? { session: this.#session } : {};
  }

  async create(): Promise<void> {
    for (const table of tables) await this.#database.createCollection(table, { changeStreamPreAndPostImages: { enabled: true } });
  }

  async insert(table: Table, rows: readonly Row[]): Promise<number> {
    const documents = rows.map(({ id, ...others }) => ({ _id: Number(id), ...others }));
    return (await this.#in(table).insertMany(documents, this.#options)).insertedCount;
  }

  async update(table: Table, ids: readonly number[], set: Row): Promise<number> {
    return (await this.#in(table).updateMany({ _id: { $in: [...ids] } }, { $set: set }, this.#options)).modifiedCount;
  }

  async remove(table: Table, ids: readonly number[]): Promise<number> {
    return (await this.#in(table).deleteMany({ _id: { $in: [...ids] } }, this.#options)).deletedCount;
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await using session = this.#client.startSession();
    this.#session = session;
    try {
      session.startTransaction();
      const done = await work();
      await session.commitTransaction();
      return done;
    } finally {
      this.#session = null;
    }
  }

  async rows(table: Table): Promise<readonly Row[]> {
    const documents = await this.#in(table).find().toArray();
    return documents.map(({ _id: id, ...others }) => ({ id, ...others }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

export async function mongoShop(address: string): Promise<Shop> {
  return new MongoShop(await MongoClient.connect(address), address);
}
