import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { MysqlAddress, MysqlFlavor } from '../services/mysql.ts';
import { connectMysql, type FreshMysqlDatabase, freshMysqlDatabase } from './fresh-mysql-database.ts';
import type { Published } from './published.ts';
import { changedTables, randomOf } from './random-changes.ts';
import { changedMysqlTablesSetup, mysqlRowsOf, transactMysql } from './random-mysql-changes.ts';
import { RowHistory } from './row-history.ts';

/** Between two attempts to reach a server that is away. */
const reconnectDelayMs = 20;
const classes = {
  mysql: 'io.debezium.connector.mysql.MySqlConnector',
  mariadb: 'io.debezium.connector.mariadb.MariaDbConnector',
} as const;

function isConnectionLost(error: unknown): boolean {
  const { code = '', fatal } = error as { code?: string; fatal?: boolean };
  return fatal === true || /ECONN|EPIPE|PROTOCOL_CONNECTION_LOST|closed state/.test(`${code} ${(error as Error).message}`);
}

/** `ChangingDatabase` for MySQL and MariaDB: tables that change all the time, by chance, until it is told to rest. */
export class ChangingMysqlDatabase implements AsyncDisposable {
  readonly database: FreshMysqlDatabase;
  readonly #flavor: MysqlFlavor;
  #server: MysqlAddress;
  readonly #random: (below: number) => number;
  #busy = true;
  #load: Promise<void> = Promise.resolve();

  private constructor(flavor: MysqlFlavor, server: MysqlAddress, database: FreshMysqlDatabase, seed: number) {
    this.#flavor = flavor;
    this.#server = server;
    this.database = database;
    this.#random = randomOf(seed);
  }

  static async start(flavor: MysqlFlavor, server: MysqlAddress, seed: number): Promise<ChangingMysqlDatabase> {
    const database = await freshMysqlDatabase(server);
    await database.run(changedMysqlTablesSetup(flavor));
    const changing = new ChangingMysqlDatabase(flavor, server, database, seed);
    changing.#load = changing.#change();
    changing.#load.catch(() => {});
    return changing;
  }

  /** Goes on after every loss of its connection: whether a transaction that was under way counts, the tables say at the end. */
  async #change(): Promise<void> {
    for (let n = 0; this.#busy; ) {
      try {
        await using client = await connectMysql(this.#server, { database: this.database.name });
        while (this.#busy) await transactMysql(client, this.#random, n++);
      } catch (error) {
        if (!isConnectionLost(error)) throw error;
        await delay(reconnectDelayMs);
      }
    }
  }

  get prefix(): string {
    return `srv_${this.database.name}`;
  }

  get topics(): readonly string[] {
    return changedTables.map(([table]) => `${this.prefix}.${this.database.name}.${table}`);
  }

  /** What captures it: JSON without schemas. */
  config(serverId: number): Record<string, string> {
    const { host, port, user, password } = this.#server;
    const json = 'org.apache.kafka.connect.json.JsonConverter';
    return {
      'connector.class': classes[this.#flavor],
      'topic.prefix': this.prefix,
      'database.hostname': host,
      'database.port': String(port),
      'database.user': user,
      'database.password': password,
      'database.server.id': String(serverId),
      'database.include.list': this.database.name,
      'schema.history.internal.store.only.captured.tables.ddl': 'true',
      'connect.keep.alive.interval.ms': '2000',
      'snapshot.fetch.size': '500',
      'snapshot.max.threads': '2',
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
    const history = new RowHistory(topic => this.topics.includes(topic));
    for await (const record of published) history.applyWritten(record);
    assert.deepEqual(history.faults.slice(0, 5), [], `${history.faults.length} faults`);
    await using client = await connectMysql(this.#server, { database: this.database.name });
    for (const [table, columns] of changedTables) {
      const found = history.rowsOf(`${this.prefix}.${this.database.name}.${table}`);
      const expected = await mysqlRowsOf(client, table, columns);
      assert.equal(found.length, expected.length, `${table}: as many rows in the log as in the database`);
      assert.ok(
        found.every((content, index) => content === expected[index]),
        `${table}: the same rows`,
      );
    }
    return [...history.operations].map(([operation, count]) => `${operation} ${count}`).join(', ');
  }

  /** The load goes on at another server that has the same tables; `ready` is waited for while nothing changes. */
  async moveTo(server: MysqlAddress, ready: () => Promise<void>): Promise<void> {
    await this.rest();
    await ready();
    this.#server = server;
    this.#busy = true;
    this.#load = this.#change();
    this.#load.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#busy = false;
    await this.#load.catch(() => {});
    await this.database[Symbol.asyncDispose]();
  }
}
