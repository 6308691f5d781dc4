import { type KafkaServer, startKafka } from '../test/services/kafka.ts';
import { type PostgresServer, startPostgres } from '../test/services/postgres.ts';
import { BuiltPackage } from './subjects/build.ts';
import { brokerHeap, kafkaJavaOptions } from './subjects/java-options.ts';
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

const databaseOf = 'Making the database';

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

  postgres(): Promise<PostgresServer> {
    return this.#once('Starting PostgreSQL 18', async () =>
      this.#resources.use(await startPostgres({ version: 18, settings: postgresSettings })),
    );
  }

  database(): Promise<BenchDatabase> {
    return this.#once(databaseOf, async () => BenchDatabase.create(await this.postgres()));
  }

  /** `settings` count where it is started by this call. */
  kafka(settings: Readonly<Record<string, string>> = {}): Promise<KafkaServer> {
    return this.#once('Starting Kafka', async () => this.#resources.use(await startKafka(settings, [...brokerHeap, ...kafkaJavaOptions])));
  }

  /** Sluice as it is packaged. */
  sluice(): Promise<BuiltPackage> {
    return this.#once('Building Sluice', async () => this.#resources.use(await BuiltPackage.make(this.#commit)));
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

  /** The server's version, where it was started. */
  async postgresVersion(): Promise<string | null> {
    if (!this.#started.has(databaseOf)) return null;
    const { rows } = await (await this.database()).client.query<{ server_version: string }>('show server_version');
    return rows[0]!.server_version;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
