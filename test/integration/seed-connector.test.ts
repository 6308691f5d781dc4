import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readCase } from '../conformance/case.ts';
import { compare } from '../conformance/compare.ts';
import { daemonPublisher } from '../conformance/daemon-publisher.ts';
import { embeddedReader } from '../conformance/embedded-reader.ts';
import { postgresEngine } from '../conformance/engines.ts';
import { kafkaReader } from '../conformance/kafka-reader.ts';
import { type PublishedReader, type PublishedRecord, recordedLine } from '../conformance/recorder.ts';
import { startKafka } from '../services/kafka.ts';
import { type PostgresServer, startPostgres } from '../services/postgres.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { type Daemon, startDaemon, type WorkerSettings } from '../support/daemon.ts';
import { freshDatabase } from '../support/fresh-database.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';

const examples = join(import.meta.dirname, '..', '..', 'config', 'examples');
const connector = 'user-database-connector';
const slot = 'debezium_user_slot';
const password = 'p\u00e4ss = word #1'; // as a properties file has to escape it
const seed = readCase('pg-seed');
const topics = ['users', 'user_profiles', 'user_preferences', 'user-db.transaction'];

/** A log, with what a worker needs to use it. Its reader reads as a stranger. */
type Log = {
  readonly name: string;
  open(resources: AsyncDisposableStack): Promise<{ settings: WorkerSettings; reader(daemon: Daemon): PublishedReader }>;
};

const embedded: Log = {
  name: 'the embedded log',
  open: async () => ({ settings: {}, reader: daemon => embeddedReader(daemon.dataFolder) }),
};

const kafka: Log = {
  name: 'Kafka',
  async open(resources) {
    // Its own broker: the connector's topics have the plainest of names, which another test on a shared one uses too.
    const { bootstrapServers } = resources.use(await startKafka());
    const reader = resources.use(kafkaReader(bootstrapServers));
    return { settings: { 'bootstrap.servers': bootstrapServers }, reader: () => reader };
  },
};

for (const log of [embedded, kafka]) {
  describe(`an application's users, by the connector of the examples, into ${log.name}`, { timeout: 180_000 }, () => {
    const resources = new AsyncDisposableStack();
    let server: PostgresServer;
    let opened: Awaited<ReturnType<Log['open']>>;

    before(async () => {
      server = resources.use(await startPostgres({ version: 15, auth: 'scram-sha-256' }));
      opened = await log.open(resources);
    });
    after(() => resources.disposeAsync());

    /** The example as it stands, but for where the database and the secret are. */
    async function example(file: string, scratch: ScratchFolder): Promise<string> {
      const secret = scratch.file('db-password.txt');
      await writeFile(secret, '# the password of debezium\nuser=debezium\npassword = p\\u00e4ss \\= word \\#1\n');
      const text = await readFile(join(examples, file), 'utf8');
      const changed = text
        .replace('postgres-primary', server.host)
        .replace(/5432/, String(server.port))
        .replace('/opt/kafka/secrets/db-password.txt', secret);
      assert.ok(changed.includes(secret) && changed.includes(String(server.port)), 'the example names what is replaced');
      return changed;
    }

    /** Runs the case's database and workload against a connector that `start` makes, and compares with what Debezium published. */
    async function compared(settings: WorkerSettings, start: (client: ConnectClient) => Promise<void>): Promise<void> {
      await using database = await freshDatabase(server, seed.database);
      await database.client.query(`create role debezium login superuser password '${password}'`);
      try {
        for (const statement of seed.setup) await database.client.query(statement);
        await using daemon = await startDaemon(settings);
        const reader = opened.reader(daemon);
        await reader.forgetEarlier();
        const client = new ConnectClient(daemon.url);
        const { settled } = daemonPublisher(daemon.url, reader);
        const running = { client, connector, engine: postgresEngine(server, () => slot) };
        await start(client);
        await client.running(connector);
        await settled(running).catch(error => {
          throw new Error(`${(error as Error).message}\n${daemon.log()}`);
        });
        for (const step of seed.workload) {
          for (const statement of step) await database.client.query(statement);
          await settled(running);
        }
        assert.deepEqual(await client.topics(connector), [...topics].sort());
        const records = await reader.read(topics);
        const byPlace = (a: PublishedRecord, b: PublishedRecord) =>
          a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition || Number(a.offset - b.offset);
        const { differences, matched, total } = compare(seed.golden, [...records].sort(byPlace).map(recordedLine), seed);
        assert.deepEqual(differences.slice(0, 10), [], `${matched} of ${total} records match`);
        assert.equal(matched, seed.golden.length);
        assertDeletes(records);
        await assertSecret(client);
      } finally {
        await database.client.query('reassign owned by debezium to postgres');
        await database.client.query('drop owned by debezium');
        await database.client.query('drop role debezium');
      }
    }

    /** Each deleted user's last state says so, and a tombstone follows it. */
    function assertDeletes(records: readonly PublishedRecord[]): void {
      const users = records.filter(({ topic }) => topic === 'users');
      const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('utf8'));
      const deleted = users.flatMap((record, index) => {
        const value = text(record.value);
        return value !== null && JSON.parse(value).__deleted === 'true'
          ? [[text(record.key), text(users[index + 1]!.key), users[index + 1]!.value]]
          : [];
      });
      assert.deepEqual(deleted, [
        ['{"id":4}', '{"id":4}', null],
        ['{"id":3}', '{"id":3}', null],
        ['{"id":1}', '{"id":1}', null],
      ]);
      assert.ok(users.filter(({ value }) => value !== null).every(({ value }) => '__deleted' in JSON.parse(text(value)!)));
    }

    /** REST answers the placeholder, never what it stands for. */
    async function assertSecret(client: ConnectClient): Promise<void> {
      const shown = JSON.stringify([
        await client.call('GET', `/connectors/${connector}`),
        await client.call('GET', `/connectors/${connector}/tasks`),
        await client.call('GET', `/sluice/connectors/${connector}`),
      ]);
      assert.match(shown, /\$\{file:[^}]*db-password\.txt:password\}/);
      assert.doesNotMatch(shown, /word #1/);
    }

    /** On a shared log each worker has its own group and internal topics. */
    const worker = (group: string): WorkerSettings =>
      opened.settings['bootstrap.servers'] === undefined
        ? {}
        : {
            ...opened.settings,
            'group.id': group,
            'config.storage.topic': `${group}-configs`,
            'offset.storage.topic': `${group}-offsets`,
            'status.storage.topic': `${group}-status`,
          };

    test('as JSON, by POST', async () => {
      using scratch = new ScratchFolder('seed');
      const json = await example(`${connector}.json`, scratch);
      await compared(worker('post'), async client => {
        const made = await client.call<{ name: string; type: string }>('POST', '/connectors', JSON.parse(json));
        assert.deepEqual([made.name, made.type], [connector, 'source']);
      });
    });

    test('as a YAML file of the worker', async () => {
      using scratch = new ScratchFolder('seed');
      const file = scratch.file('connector.yaml');
      await writeFile(file, await example(`${connector}.yaml`, scratch));
      await compared({ ...worker('file'), connectors: file }, async () => {});
    });
  });
}
