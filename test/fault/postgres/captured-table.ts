import assert from 'node:assert/strict';
import { ask, type Config, connectorOf, failure, progressOf } from '../../integration/bad-input-fixture.ts';
import type { PostgresAddress } from '../../services/postgres.ts';
import type { Daemon } from '../../support/daemon.ts';
import { connectTo, type FreshDatabase, freshDatabase } from '../../support/fresh-database.ts';
import { until } from '../../support/until.ts';
import { assertSlotNotAhead, durableLsn, offsetsForSqlite3 } from '../strangers.ts';
import { toldChanges, untilHolds } from '../told-changes.ts';

/** One small table that a daemon captures into its embedded log: every change is told by name, so that what is missing or doubled is seen at once. */
export class CapturedTable implements AsyncDisposable {
  readonly database: FreshDatabase;
  readonly daemon: Daemon;
  readonly config: Config;
  readonly #resources: AsyncDisposableStack;

  private constructor(database: FreshDatabase, daemon: Daemon, config: Config, resources: AsyncDisposableStack) {
    this.database = database;
    this.daemon = daemon;
    this.config = config;
    this.#resources = resources;
  }

  /** A table with the rows 1 and 2, read by a snapshot, and 3, read from the stream; `prepare` comes before the connector. */
  static async start(
    server: PostgresAddress,
    daemon: Daemon,
    config: Config = {},
    prepare: (captured: CapturedTable) => Promise<void> = async () => {},
  ): Promise<CapturedTable> {
    await using resources = new AsyncDisposableStack();
    const database = resources.use(await freshDatabase(server));
    await database.run('create table orders (id int primary key, v text); insert into orders values (1), (2)');
    // What comes is told by the stream alone.
    const topics = { 'topic.prefix': database.name, 'snapshot.new.tables': 'none' };
    const complete = {
      ...connectorOf(database.url),
      ...topics,
      'status.update.interval.ms': '100',
      'slot.retry.delay.ms': '100',
      ...config,
    };
    resources.defer(async () => void (await ask(daemon, 'DELETE', `/connectors/${database.name}`)));
    const captured = new CapturedTable(database, daemon, complete, resources.move());
    await prepare(captured);
    await captured.configure({});
    await captured.holds('r1', 'r2');
    await captured.run('insert into orders values (3)');
    await captured.holds('r1', 'r2', 'c3');
    return captured;
  }

  /** Of the connector, the database and the topics. */
  get name(): string {
    return this.database.name;
  }

  get slot(): string {
    return this.config['slot.name']!;
  }

  get publication(): string {
    return this.config['publication.name']!;
  }

  /** Runs SQL on a connection of its own: the server may have been away. */
  async run(sql: string, ...values: readonly unknown[]): Promise<Record<string, unknown>[]> {
    await using client = await connectTo(this.database.url);
    return (await client.query(sql, [...values])).rows;
  }

  /** Submits the connector again, with these options over its own; that restarts it. */
  async configure(config: Config): Promise<void> {
    const { status, body } = await ask(this.daemon, 'PUT', `/connectors/${this.name}/config`, { ...this.config, ...config });
    assert.ok(status === 200 || status === 201, JSON.stringify(body));
  }

  /** `stop` waits until the slot is left. */
  async put(what: 'stop' | 'resume'): Promise<void> {
    assert.equal((await ask(this.daemon, 'PUT', `/connectors/${this.name}/${what}`)).status, what === 'stop' ? 204 : 202);
    if (what === 'stop') await until(() => this.#inactive(), { what: 'the slot to be left' });
  }

  async restart(): Promise<void> {
    assert.equal((await ask(this.daemon, 'POST', `/connectors/${this.name}/tasks/0/restart`)).status, 204);
  }

  async #inactive(): Promise<boolean> {
    return (await this.run('select from pg_replication_slots where slot_name = $1 and active', this.slot)).length === 0;
  }

  /** Drops the slot, whoever reads it. */
  async dropSlot(): Promise<void> {
    const drop = async () => {
      await this.run('select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active', this.slot);
      const gone = await this.run(
        'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1',
        this.slot,
      ).then(
        () => true,
        () => false, // its reader has come back, or has not left yet
      );
      return gone;
    };
    await until(drop, { what: 'the slot to be dropped', everyMs: 5 });
  }

  /** Waits until the topic holds these changes, and no other. */
  async holds(...changes: readonly string[]): Promise<void> {
    await this.topicHolds('orders', ...changes);
  }

  async topicHolds(table: string, ...changes: readonly string[]): Promise<void> {
    await untilHolds(this.daemon, `${this.name}.public.${table}`, changes);
  }

  /** What the records of a table's changes have as key and row. */
  async written(table: string): Promise<readonly (readonly [key: unknown, after: unknown])[]> {
    return (await toldChanges(this.daemon, `${this.name}.public.${table}`)).map(({ key, after }) => [key, after]);
  }

  /** Waits until the task has failed, Connect's status says so, and the slot is no further than the log. Its trace. */
  async failed(): Promise<string> {
    const trace = await failure(this.daemon, this.name);
    if (await this.#hasSlot()) await assertSlotNotAhead(this, () => offsetsForSqlite3(this.daemon.dataFolder, this.name));
    return trace;
  }

  /** What is said of a task that is tried again; null where it is not. */
  async retrying() {
    return (await progressOf(this.daemon, this.name))?.retrying ?? null;
  }

  /** Up to where the log is durable. */
  async durable(): Promise<bigint> {
    return durableLsn(await offsetsForSqlite3(this.daemon.dataFolder, this.name))!;
  }

  async #hasSlot(): Promise<boolean> {
    const usable = `select from pg_replication_slots where slot_name = $1 and wal_status <> 'lost'`;
    return (await this.run(usable, this.slot)).length === 1;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
