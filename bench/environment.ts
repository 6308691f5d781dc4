import { type KafkaServer, startKafka } from '../test/services/kafka.ts';
import { startMongodb } from '../test/services/mongodb.ts';
import { startMysql } from '../test/services/mysql.ts';
import { startPostgres } from '../test/services/postgres.ts';
import { BuiltPackage } from './subjects/build.ts';
import { brokerHeap, kafkaJavaOptions } from './subjects/java-options.ts';
import type { Backlog, BenchDatabase, DatabaseName } from './workload/bench-database.ts';
import { MongodbBench, mongodbArguments } from './workload/mongodb.ts';
import { MysqlBench, mysqlSettings } from './workload/mysql.ts';
import { PostgresBench, postgresSettings } from './workload/postgres.ts';

/** The servers and the build that all runs share, each started when it is first asked for. */
export class Environment implements AsyncDisposable {
  readonly #resources = new AsyncDisposableStack();
  readonly #started = new Map<string, Promise<unknown>>();
  readonly say: (text: string) => void;
  readonly #commit: string | null;

  /** `commit`: what is built and measured; null: the files as they are. */
  constructor(say: (text: string) => void, commit: string | null = null) {
    this.say = say;
    this.#commit = commit;
  }

  #once<T>(what: string, start: () => Promise<T>): Promise<T> {
    const started = (this.#started.get(what) as Promise<T> | undefined) ?? this.#begin(what, start);
    this.#started.set(what, started);
    return started;
  }

  #begin<T>(what: string, start: () => Promise<T>): Promise<T> {
    this.say(`${what} ...`);
    return start();
  }

  postgres(): Promise<PostgresBench> {
    return this.#once('Starting PostgreSQL 18', async () =>
      PostgresBench.create(this.#resources.use(await startPostgres({ version: 18, settings: postgresSettings }))),
    );
  }

  /** The database of that name. */
  database(name: DatabaseName): Promise<BenchDatabase> {
    if (name === 'postgres') return this.postgres();
    if (name === 'mysql')
      return this.#once('Starting MySQL 9', async () =>
        MysqlBench.create(this.#resources.use(await startMysql({ settings: mysqlSettings }))),
      );
    return this.#once('Starting SecantusDB, in MongoDB’s place', async () =>
      MongodbBench.create(this.#resources.use(await startMongodb({ args: mongodbArguments }))),
    );
  }

  /** `settings` count where it is started by this call. */
  kafka(settings: Readonly<Record<string, string>> = {}): Promise<KafkaServer> {
    return this.#once('Starting Kafka', async () => this.#resources.use(await startKafka(settings, [...brokerHeap, ...kafkaJavaOptions])));
  }

  /** Sluice as it is packaged. */
  sluice(): Promise<BuiltPackage> {
    return this.#once('Building Sluice', async () => this.#resources.use(await BuiltPackage.make(this.#commit)));
  }

  async table(database: BenchDatabase, table: string, rows: number): Promise<void> {
    await this.#once(`Making table ${table} of ${rows} rows`, () => database.makeTable(table, rows));
  }

  /** A table of so many rows, each of which was updated once where nobody reads yet. */
  async backlog<B extends Backlog>(database: BenchDatabase<B>, table: string, rows: number, rowsPerTransaction: number): Promise<B> {
    await this.table(database, table, rows);
    return this.#once(`Making a backlog of ${rows} updates of ${table}`, () => database.makeBacklog(table, rows, rowsPerTransaction));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
