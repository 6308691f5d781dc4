import { type KafkaServer, startKafka } from '../test/services/kafka.ts';
import { type PostgresServer, startPostgres } from '../test/services/postgres.ts';
import { BuiltPackage } from './subjects/build.ts';
import { kafkaJavaOptions } from './subjects/debezium.ts';
import { type Backlog, BenchDatabase } from './workload/database.ts';

/** Durable, as a server is that somebody relies on; the sizes are those of a small production server. */
export const postgresSettings = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_writer_delay: '200ms',
  shared_buffers: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
  max_connections: '100',
} as const;

/** What bin/kafka-server-start.sh gives Java. */
const brokerHeap = ['-Xmx1G', '-Xms1G'];

/** The servers and the build that all runs share, each started when it is first asked for. */
export class Environment implements AsyncDisposable {
  readonly #resources = new AsyncDisposableStack();
  readonly #started = new Map<string, Promise<unknown>>();
  readonly #say: (text: string) => void;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  #once<T>(what: string, start: () => Promise<T>): Promise<T> {
    const started = (this.#started.get(what) as Promise<T> | undefined) ?? this.#begin(what, start);
    this.#started.set(what, started);
    return started;
  }

  #begin<T>(what: string, start: () => Promise<T>): Promise<T> {
    this.#say(`${what} ...`);
    return start();
  }

  postgres(): Promise<PostgresServer> {
    return this.#once('Starting PostgreSQL 18', async () =>
      this.#resources.use(await startPostgres({ version: 18, settings: postgresSettings })),
    );
  }

  database(): Promise<BenchDatabase> {
    return this.#once('Making the database', async () => BenchDatabase.create(await this.postgres()));
  }

  kafka(): Promise<KafkaServer> {
    return this.#once('Starting Kafka', async () => this.#resources.use(await startKafka({}, [...brokerHeap, ...kafkaJavaOptions])));
  }

  /** Sluice as it is packaged, from the sources as they are now. */
  sluice(): Promise<BuiltPackage> {
    return this.#once('Building Sluice', async () => this.#resources.use(await BuiltPackage.make()));
  }

  async table(table: string, rows: number): Promise<BenchDatabase> {
    const database = await this.database();
    await this.#once(`Making table ${table} of ${rows} rows`, () => database.makeTable(table, rows));
    return database;
  }

  /** A table of so many rows, each of which was updated once behind a slot's back. */
  async backlog(table: string, rows: number, rowsPerTransaction: number): Promise<Backlog> {
    const database = await this.table(table, rows);
    return this.#once(`Making a backlog of ${rows} updates of ${table}`, () => database.makeBacklog(table, rows, rowsPerTransaction));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
