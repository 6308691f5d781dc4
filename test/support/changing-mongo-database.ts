import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClientSession, type Collection, MongoClient } from 'mongodb';
import type { MongodbAddress } from '../services/mongodb.ts';
import { DocumentHistory } from './document-history.ts';
import type { Published } from './published.ts';
import { randomOf } from './random-changes.ts';

/** Between two attempts to reach a server that is away. */
const reconnectDelayMs = 20;
/** What an answered write is when the server dies: on disk. */
const durable = { w: 'majority', j: true } as const;

type Id = number | string;
type Versioned = { _id: Id; v: number; pad: string };

/** Two collections larger than what is read in one go, of ids that sort by number and by text; and a small one. */
const collections = [
  { name: 'numbered', documents: 6_000, ids: 9_000, idOf: (n: number): Id => n },
  { name: 'named', documents: 3_000, ids: 4_000, idOf: (n: number): Id => `${['Ähre', 'apfel', 'Zebra'][n % 3]} ${n}` },
  { name: 'small', documents: 50, ids: 80, idOf: (n: number): Id => n },
] as const;

/**
 * `ChangingDatabase` for MongoDB: collections that change all the time, by chance, until it is told to rest. Each document has a version that
 * rises by one with each change and goes on behind a deletion.
 */
export class ChangingMongoDatabase implements AsyncDisposable {
  readonly name: string;
  readonly #server: MongodbAddress;
  readonly #random: (below: number) => number;
  /** By collection and id; of deleted documents too. */
  readonly #versions = new Map<string, { version: number; present: boolean }>();
  #busy = true;
  #load: Promise<void> = Promise.resolve();

  private constructor(server: MongodbAddress, name: string, seed: number) {
    this.#server = server;
    this.name = name;
    this.#random = randomOf(seed);
  }

  static async start(server: MongodbAddress, seed: number): Promise<ChangingMongoDatabase> {
    const changing = new ChangingMongoDatabase(server, `changing_${process.pid}_${seed}_${Date.now().toString(36)}`, seed);
    await changing.#fill();
    changing.#load = changing.#change();
    changing.#load.catch(() => {});
    return changing;
  }

  /** Of the load, which is to notice soon that its server is away, and tries again. */
  #connectShortly(): Promise<MongoClient> {
    return MongoClient.connect(this.#server.url, { serverSelectionTimeoutMS: 1_000, connectTimeoutMS: 1_000 });
  }

  /** Where the server is there, however laden. */
  #connect(): Promise<MongoClient> {
    return MongoClient.connect(this.#server.url);
  }

  async #fill(): Promise<void> {
    await using client = await this.#connect();
    for (const { name, documents, idOf } of collections) {
      const all = Array.from({ length: documents }, (_, n) => ({ _id: idOf(n), v: 1, pad: 'p'.repeat(300) }));
      for (const { _id } of all) this.#versions.set(`${name} ${_id}`, { version: 1, present: true });
      const collection = client.db(this.name).collection<Versioned>(name);
      for (let at = 0; at < all.length; at += 1_000) await collection.insertMany(all.slice(at, at + 1_000), { writeConcern: durable });
    }
  }

  /** Goes on after every loss of its connection: whether a write that was under way counts, the server is asked. */
  async #change(): Promise<void> {
    while (this.#busy) {
      try {
        await using client = await this.#connectShortly();
        while (this.#busy) await this.#step(client);
      } catch (error) {
        if (!isConnectionLost(error)) throw error;
        await delay(reconnectDelayMs);
      }
    }
  }

  #step(client: MongoClient): Promise<void> {
    return this.#random(6) > 0 ? this.#write(client, undefined) : this.#transact(client);
  }

  async #transact(client: MongoClient): Promise<void> {
    const session = client.startSession();
    try {
      session.startTransaction({ writeConcern: durable });
      const writes = 2 + this.#random(3);
      for (let n = 0; n < writes; n++) await this.#write(client, session);
      await session.commitTransaction();
    } finally {
      if (session.inTransaction()) await session.abortTransaction().catch(() => {});
      await session.endSession();
      // What was written in it counts or not: asked for where it is not known.
      for (const known of this.#pending.splice(0)) this.#unsure.add(known);
    }
  }

  /** Written in the transaction under way. */
  readonly #pending: string[] = [];
  /** Documents whose last write may not count. */
  readonly #unsure = new Set<string>();

  async #write(client: MongoClient, session: ClientSession | undefined): Promise<void> {
    const { name, ids, idOf } = collections[this.#random(collections.length)]!;
    const _id = idOf(this.#random(ids));
    const key = `${name} ${_id}`;
    const collection = client.db(this.name).collection<Versioned>(name);
    // Within a transaction each document is written once: then it is clear what it was before.
    if (this.#pending.includes(key)) return;
    if (this.#unsure.has(key)) await this.#ask(collection, _id, key);
    this.#unsure.add(key);
    const written = await this.#writeOne(collection, _id, this.#versions.get(key) ?? { version: 0, present: false }, session);
    if (session !== undefined) this.#pending.push(key);
    else {
      this.#versions.set(key, written);
      this.#unsure.delete(key);
    }
  }

  /** One change; gives what the document is afterwards. */
  async #writeOne(
    collection: Collection<Versioned>,
    _id: Id,
    { version, present }: { version: number; present: boolean },
    session: ClientSession | undefined,
  ): Promise<{ version: number; present: boolean }> {
    const v = version + 1;
    const options = session === undefined ? { writeConcern: durable } : { session };
    const document = { _id, v, pad: 'q'.repeat(this.#random(400)) };
    if (!present) {
      await collection.insertOne(document, options);
      return { version: v, present: true };
    }
    const choice = this.#random(4);
    if (choice === 0) {
      await collection.deleteOne({ _id }, options);
      return { version, present: false };
    }
    if (choice === 1) await collection.replaceOne({ _id }, document, options);
    else await collection.updateOne({ _id, v: version }, { $set: { v } }, options);
    return { version: v, present: true };
  }

  async #ask(collection: Collection<Versioned>, _id: Id, key: string): Promise<void> {
    const found = await collection.findOne({ _id }, { readConcern: { level: 'local' } });
    const before = this.#versions.get(key) ?? { version: 0, present: false };
    if (found && found.v < before.version) throw new Error(`The server lost version ${before.version} of ${key}, which it had answered`);
    this.#versions.set(key, found ? { version: found.v, present: true } : { version: before.version, present: false });
    this.#unsure.delete(key);
  }

  get prefix(): string {
    return `srv_${this.name}`;
  }

  get topics(): readonly string[] {
    return collections.map(({ name }) => this.#topicOf(name));
  }

  #topicOf(collection: string): string {
    return `${this.prefix}.${this.name}.${collection}`;
  }

  /** What captures it: JSON without schemas. Large collections are read in ranges. */
  get config(): Record<string, string> {
    const json = 'org.apache.kafka.connect.json.JsonConverter';
    return {
      'connector.class': 'io.debezium.connector.mongodb.MongoDbConnector',
      'topic.prefix': this.prefix,
      'mongodb.connection.string': this.#server.url,
      'database.include.list': this.name,
      'capture.mode': 'change_streams',
      'snapshot.fetch.size': '400',
      'snapshot.max.threads': '2',
      'max.batch.size': '200',
      'key.converter': json,
      'key.converter.schemas.enable': 'false',
      'value.converter': json,
      'value.converter.schemas.enable': 'false',
    };
  }

  /** Ends the changes. */
  async rest(): Promise<void> {
    this.#busy = false;
    await this.#load;
  }

  /** Follows each document through what was published, and compares where it leads to with the collections. Tells how many records of each operation. */
  async assertPublished(published: AsyncIterable<Published>): Promise<string> {
    const history = new DocumentHistory();
    for await (const record of published) history.apply(record);
    const faults = history.faults();
    assert.deepEqual(faults.slice(0, 5), [], `${faults.length} faults`);
    await using client = await this.#connect();
    for (const { name } of collections) {
      const documents = await client.db(this.name).collection<Versioned>(name).find().toArray();
      const expected = new Map(documents.map(({ _id, v }) => [JSON.stringify(_id), v]));
      const found = history.documentsOf(this.#topicOf(name));
      const wrong = [...new Set([...expected.keys(), ...found.keys()])].filter(id => expected.get(id) !== found.get(id));
      const shown = wrong.slice(0, 5).map(id => `${id}: ${found.get(id)} in the log, ${expected.get(id)} in the database`);
      assert.deepEqual(shown, [], `${name}: ${wrong.length} documents differ`);
    }
    return [...history.operations].map(([operation, count]) => `${operation} ${count}`).join(', ');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#busy = false;
    await this.#load.catch(() => {});
    await using client = await this.#connectShortly().catch(() => null);
    await client?.db(this.name).dropDatabase();
  }
}

/** Also what a transaction ends with when another server life began, or a conflict: it is tried again with other documents. */
function isConnectionLost(error: unknown): boolean {
  const { name = '', message = '' } = error as Partial<Error>;
  const transient = (error as { hasErrorLabel?(label: string): boolean }).hasErrorLabel?.('TransientTransactionError') ?? false;
  return transient || /MongoNetwork|MongoServerSelection|MongoTopologyClosed|PoolCleared|NotPrimary/.test(`${name} ${message}`);
}
