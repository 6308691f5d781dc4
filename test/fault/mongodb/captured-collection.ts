import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Db, MongoClient } from 'mongodb';
import { ask, type Config, failure, logged, progressOf } from '../../integration/bad-input-fixture.ts';
import type { MongodbServer } from '../../services/mongodb.ts';
import type { Daemon } from '../../support/daemon.ts';
import { until } from '../../support/until.ts';
import { impatient } from './capture.ts';

/** A login beside the server's own, where it asks for one. */
export type Login = { readonly username: string; readonly password: string };

type Item = { _id: number };

/** One small collection that a daemon captures into its embedded log: every change is told by name, so that what is missing or doubled is seen at once. */
export class CapturedCollection implements AsyncDisposable {
  readonly name: string;
  readonly daemon: Daemon;
  readonly config: Config;
  readonly #client: MongoClient;
  readonly #resources: AsyncDisposableStack;

  private constructor(name: string, client: MongoClient, daemon: Daemon, config: Config, resources: AsyncDisposableStack) {
    this.name = name;
    this.daemon = daemon;
    this.config = config;
    this.#client = client;
    this.#resources = resources;
  }

  /** Documents 1 and 2, read by a snapshot, and 3, read from the stream. `administrator`: who writes, where the server asks. */
  static start(server: MongodbServer, daemon: Daemon, options: Config = {}, administrator?: Login): Promise<CapturedCollection> {
    return CapturedCollection.startNamed(server, daemon, `captured_${randomBytes(6).toString('hex')}`, options, administrator);
  }

  /** The same in a database of that name. */
  static async startNamed(server: MongodbServer, daemon: Daemon, name: string, options: Config, administrator?: Login) {
    await using resources = new AsyncDisposableStack();
    const client = resources.use(await MongoClient.connect(server.url, administrator === undefined ? {} : { auth: administrator }));
    resources.defer(async () => void (await client.db(name).dropDatabase()));
    const config = {
      'connector.class': 'io.debezium.connector.mongodb.MongoDbConnector',
      'topic.prefix': name,
      'mongodb.connection.string': server.url,
      'database.include.list': name,
      'key.converter': 'json',
      'value.converter': 'json',
      'key.converter.schemas.enable': 'false',
      'value.converter.schemas.enable': 'false',
      // What comes is told by the stream alone.
      'snapshot.new.tables': 'none',
      ...impatient,
      ...options,
    };
    resources.defer(async () => void (await ask(daemon, 'DELETE', `/connectors/${name}`)));
    const captured = new CapturedCollection(name, client, daemon, config, resources.move());
    try {
      await captured.insert(1, 2);
      await captured.configure({});
      await captured.holds('r1', 'r2');
      await captured.insert(3);
      await captured.holds('r1', 'r2', 'c3');
      return captured;
    } catch (error) {
      await captured[Symbol.asyncDispose]();
      throw error;
    }
  }

  get db(): Db {
    return this.#client.db(this.name);
  }

  async insert(...ids: readonly number[]): Promise<void> {
    for (const _id of ids) await this.db.collection<Item>('items').insertOne({ _id });
  }

  /** Submits the connector again, with these options over its own; that restarts it. */
  async configure(config: Config): Promise<void> {
    const { status, body } = await ask(this.daemon, 'PUT', `/connectors/${this.name}/config`, { ...this.config, ...config });
    assert.ok(status === 200 || status === 201, JSON.stringify(body));
  }

  async put(what: 'stop' | 'resume'): Promise<void> {
    assert.equal((await ask(this.daemon, 'PUT', `/connectors/${this.name}/${what}`)).status, what === 'stop' ? 204 : 202);
    if (what === 'stop') await until(async () => (await progressOf(this.daemon, this.name)) === undefined, { what: 'the task to end' });
  }

  async restart(): Promise<void> {
    assert.equal((await ask(this.daemon, 'POST', `/connectors/${this.name}/tasks/0/restart`)).status, 204);
  }

  /** Waits until the topic holds these changes, and no other. */
  async holds(...changes: readonly string[]): Promise<void> {
    await this.topicHolds('items', ...changes);
  }

  async topicHolds(collection: string, ...expected: readonly string[]): Promise<void> {
    assert.deepEqual(await this.changes(collection, expected.length), expected);
  }

  /** Waits until the topic holds so many changes, and gives them: `c4`. */
  async changes(collection: string, atLeast: number): Promise<readonly string[]> {
    let found: readonly string[] = [];
    const enough = async () => {
      const records = await logged(this.daemon.dataFolder, [`${this.name}.${this.name}.${collection}`]);
      found = records.flatMap(({ key, value }) => (key === null || value === null ? [] : [`${textIn(value, 'op')}${textIn(key, 'id')}`]));
      return found.length >= atLeast;
    };
    await until(enough, { what: `${atLeast} changes of ${collection}`, timeoutMs: 60_000, everyMs: 50 }).catch(error => {
      throw new Error(`${(error as Error).message}: ${found.join(' ')}\n${this.daemon.log()}`);
    });
    return found;
  }

  /** Waits until the task has failed. Its trace. */
  failed(): Promise<string> {
    return failure(this.daemon, this.name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

function textIn(json: Uint8Array, field: string): string {
  return String((JSON.parse(Buffer.from(json).toString('utf8')) as Record<string, unknown>)[field]);
}
