import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { sharedKafka, sharedMongodb, sharedMysql, sharedPostgres } from '../support/servers.ts';
import { caseNames, readCase } from './case.ts';
import { compare } from './compare.ts';
import { daemonPublisher } from './daemon-publisher.ts';
import { embeddedReader } from './embedded-reader.ts';
import { type CaseEngine, mysqlEngine, postgresEngine } from './engines.ts';
import { kafkaReader } from './kafka-reader.ts';
import { lookedUpLater } from './looked-up-later.ts';
import { mongodbEngine } from './mongodb-engine.ts';
import { type Publisher, record, type Timing } from './recorder.ts';

/** Cases that are run while the connector streams alone, with the reason. */
const streamingOnly: Readonly<Record<string, string>> = {
  'mongo-unwrap': 'what an update’s document was is not seen in the records once it is flattened, so they cannot be told as read later',
};

/** Where the records go. */
type Log = {
  readonly name: string;
  /** Which cases it runs: what a log has to do with records is seen with the pg-, my- and mongo- ones, the others are about the records themselves. */
  runs(name: string): boolean;
  start(resources: AsyncDisposableStack): Promise<{ daemon: Daemon; publisher: Publisher }>;
};

export const embedded: Log = {
  name: 'the embedded log',
  runs: () => true,
  async start(resources) {
    const daemon = resources.use(await startDaemon({}));
    return { daemon, publisher: daemonPublisher(daemon.url, embeddedReader(daemon.dataFolder)) };
  },
};

export const kafka: Log = {
  name: 'Kafka',
  runs: name => /^(?:pg|my|mongo)-/.test(name),
  async start(resources) {
    const bootstrapServers = await sharedKafka();
    const group = `conformance-${process.pid}`;
    const reader = resources.use(kafkaReader(bootstrapServers));
    const daemon = resources.use(
      await startDaemon({
        'bootstrap.servers': bootstrapServers,
        'group.id': group,
        'config.storage.topic': `${group}-configs`,
        'offset.storage.topic': `${group}-offsets`,
        'status.storage.topic': `${group}-status`,
        'config.storage.replication.factor': '1',
        'offset.storage.replication.factor': '1',
        'status.storage.replication.factor': '1',
      }),
    );
    return { daemon, publisher: daemonPublisher(daemon.url, reader) };
  },
};

/** What has to be read right long after: a binlog, whose tables may have changed since, and a change stream behind a stored token. */
const timings: Readonly<Record<string, readonly Timing[]>> = {
  postgres: ['streaming'],
  mysql: ['streaming', 'stopped'],
  mongodb: ['streaming', 'stopped'],
};

function timingsOf(name: string): readonly Timing[] {
  return name in streamingOnly ? ['streaming'] : timings[readCase(name).engine]!;
}

/** Its server, shared by all tests; SecantusDB in MongoDB's place, unless TEST_MONGO_URL names a real one. */
const engineOf: Readonly<Record<string, () => Promise<CaseEngine>>> = {
  postgres: async () => postgresEngine(await sharedPostgres(15)),
  mysql: async () => mysqlEngine(await sharedMysql()),
  mongodb: async () => mongodbEngine(await sharedMongodb()),
};

/** One test a case of these engines: what the daemon publishes into the log is what Debezium published. */
export function testCases(log: Log, ...engineNames: readonly string[]): void {
  describe(`Debezium's records in ${log.name}: ${engineNames.join(', ')}`, () => {
    const resources = new AsyncDisposableStack();
    let publisher: Publisher;
    let daemon: Daemon;
    const engines = new Map<string, CaseEngine>();

    before(async () => {
      for (const name of engineNames) engines.set(name, await engineOf[name]!());
      ({ daemon, publisher } = await log.start(resources));
    });
    after(() => resources.disposeAsync());

    const cases = caseNames().filter(name => log.runs(name) && engineNames.includes(readCase(name).engine));
    for (const [name, timing] of cases.flatMap(name => timingsOf(name).map(timing => [name, timing] as const))) {
      test(timing === 'stopped' ? `${name}, the connector stopped meanwhile` : name, async () => {
        const theCase = readCase(name);
        const lines = await record(theCase, engines.get(theCase.engine)!, publisher, timing).catch(error => {
          throw new Error(`${(error as Error).message}\nThe end of the daemon's log:\n${daemon.log()}`, { cause: error });
        });
        const golden = timing === 'stopped' && theCase.engine === 'mongodb' ? lookedUpLater(theCase.golden) : theCase.golden;
        const { matched, total, differences } = compare(golden, lines, theCase);
        assert.equal(differences.length, 0, `${matched} of ${total} records match\n${differences.slice(0, 20).join('\n')}`);
        assert.ok(matched > 0, 'something was compared');
      });
    }
  });
}
