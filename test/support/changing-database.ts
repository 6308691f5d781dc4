import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { PostgresAddress } from '../services/postgres.ts';
import { connectTo, type FreshDatabase, freshDatabase, isConnectionLost } from './fresh-database.ts';
import type { Published } from './published.ts';
import { changedTables, changedTablesSetup, randomOf, rowsOf, transact } from './random-changes.ts';
import { RowHistory } from './row-history.ts';

const topicPrefix = 'srv';
/** Between two attempts to reach a server that is away. */
const reconnectDelayMs = 20;

/**
 * A database whose tables change all the time, by chance, until it is told to rest. What was published of it can be followed row by row: a
 * change that is missing, doubled or out of order does not fit what came before.
 */
export class ChangingDatabase implements AsyncDisposable {
  readonly database: FreshDatabase;
  readonly slot: string;
  /** Topics are this one's alone, also on a broker that others use. */
  readonly prefix: string;
  readonly #server: PostgresAddress;
  readonly #random: (below: number) => number;
  #busy = true;
  #load: Promise<void> = Promise.resolve();

  private constructor(server: PostgresAddress, database: FreshDatabase, seed: number) {
    this.#server = server;
    this.database = database;
    this.slot = `slot_${database.name}`;
    this.prefix = `${topicPrefix}_${database.name}`;
    this.#random = randomOf(seed);
  }

  static async start(server: PostgresAddress, seed: number): Promise<ChangingDatabase> {
    const database = await freshDatabase(server);
    await database.run(changedTablesSetup);
    const changing = new ChangingDatabase(server, database, seed);
    changing.#load = changing.#change();
    // Told by `rest`: a test that fails before is to tell its own reason.
    changing.#load.catch(() => {});
    return changing;
  }

  /** Goes on after every loss of its connection: whether a transaction that was under way counts, the tables say at the end. */
  async #change(): Promise<void> {
    for (let n = 0; this.#busy; ) {
      try {
        await using client = await connectTo(this.database.url);
        while (this.#busy) await transact(client, this.#random, n++);
      } catch (error) {
        if (!isConnectionLost(error)) throw error;
        await delay(reconnectDelayMs);
      }
    }
  }

  /** A number below `below`, the same for the same seed as long as only one asks. */
  random(below: number): number {
    return this.#random(below);
  }

  get topics(): readonly string[] {
    return changedTables.map(([table]) => `${this.prefix}.public.${table}`);
  }

  /** What captures it: JSON without schemas, short waits. */
  get config(): Record<string, string> {
    const { host, port, user, password } = this.#server;
    const json = 'org.apache.kafka.connect.json.JsonConverter';
    return {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'topic.prefix': this.prefix,
      'database.hostname': host,
      'database.port': String(port),
      'database.user': user,
      'database.password': password || 'x',
      'database.dbname': this.database.name,
      'slot.name': this.slot,
      'slot.retry.delay.ms': '100',
      'slot.max.retries': '100',
      'publication.name': 'everything',
      'snapshot.fetch.size': '500',
      'snapshot.max.threads': '2',
      'status.update.interval.ms': '100',
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

  /** Follows each row through what was published, and compares where it leads to with the tables. Gives how many records of each operation. */
  async assertPublished(published: AsyncIterable<Published>): Promise<string> {
    const history = new RowHistory();
    for await (const record of published) history.applyWritten(record);
    assert.deepEqual(history.faults.slice(0, 5), [], `${history.faults.length} faults`);
    await using client = await connectTo(this.database.url);
    for (const [table, columns] of changedTables) {
      const found = history.rowsOf(`${this.prefix}.public.${table}`);
      const expected = await rowsOf(client, table, columns);
      assert.equal(found.length, expected.length, `${table}: as many rows in the log as in the database`);
      assert.ok(
        found.every((content, index) => content === expected[index]),
        `${table}: the same rows`,
      );
    }
    return [...history.operations].map(([operation, count]) => `${operation} ${count}`).join(', ');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#busy = false;
    await this.#load.catch(() => {});
    await this.database[Symbol.asyncDispose]();
  }
}
