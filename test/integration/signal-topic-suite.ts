import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { EventLog } from '../../src/contract/index.ts';
import { internalTopics } from '../../src/engine/source/internal-topics.ts';
import type { FreshMongoDatabase } from '../support/fresh-mongo-database.ts';
import { sharedMongodb } from '../support/servers.ts';
import type { SourceRun } from '../support/source-run.ts';
import { until } from '../support/until.ts';
import { type AnyRun, execute, isFinished, progressOf, runWith, waitMsMax } from './incremental-run.ts';
import type { LogUnderTest } from './log-suite/suite.ts';
import { documents, itemsDatabase, itemsTopic, mongoRunOf } from './mongodb-incremental-run.ts';
import { serializedBatch } from './serialized-batch.ts';

const never = new AbortController().signal;

/** A topic of signals in a log, to be written into. */
class Signals {
  readonly topic = `signals-${randomUUID()}`;
  readonly group = `group-${randomUUID()}`;
  readonly #log: EventLog;

  constructor(log: EventLog) {
    this.#log = log;
  }

  get options() {
    return { 'signal.enabled.channels': 'kafka', 'signal.kafka.topic': this.topic, 'signal.kafka.groupId': this.group };
  }

  async write(...records: readonly (readonly [key: string, value: string])[]): Promise<void> {
    await this.#log.ensureTopics([{ topic: this.topic, partitions: 1, replicationFactor: -1, configs: {} }], never);
    await using writer = await this.#log.writer(
      { connector: 'signals', task: 0 },
      { producerOverrides: {}, transactional: true },
      AbortSignal.timeout(waitMsMax),
    );
    const batch = serializedBatch(records.map(([key, value]) => ({ topic: this.topic, key, value })));
    await writer.append({ records: batch, offsets: [] });
  }

  /** What the group has committed. */
  async taken(): Promise<bigint | null> {
    const offsets = await this.#log.groups.offsets(this.group);
    return offsets.find(({ topic }) => topic === this.topic)?.offset ?? null;
  }
}

const signal = (id: string, type: string, data: object) => JSON.stringify({ id, type, data });
const readsOf = (run: AnyRun, database: FreshMongoDatabase) => run.records.filter(({ topic }) => topic === itemsTopic(database)).length;

/** The channel kafka on whatever log; the connector is MongoDB's, on SecantusDB unless TEST_MONGO_URL names a real one. */
export function signalTopicSuite(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`signals by a topic of the ${name} log`, { timeout: 180_000 }, () => {
    let under: LogUnderTest;
    before(async () => {
      under = await open();
    });
    after(async () => {
      await under[Symbol.asyncDispose]();
    });

    const runOf = (database: FreshMongoDatabase, options: Readonly<Record<string, string>>) => {
      const run = mongoRunOf(database, { 'incremental.snapshot.chunk.size': '1000', 'signal.poll.interval.ms': '50', ...options });
      run.log = internalTopics(under.log);
      return run;
    };
    const execution = (id: string, { name: of }: FreshMongoDatabase) =>
      signal(id, 'execute-snapshot', JSON.parse(execute([`${of}.items`])) as object);
    const finished = (run: SourceRun<unknown>, id: string) =>
      until(() => progressOf(run)?.id === id && isFinished(run), { what: `the end of ${id}`, timeoutMs: waitMsMax });

    test('those of its key are followed, once, in the order of the topic; the group’s offset follows', async () => {
      await using database = await itemsDatabase(await sharedMongodb());
      const signals = new Signals(under.log);
      const run = runOf(database, signals.options);
      await runWith(
        run,
        () => true,
        async () => {
          // The topic is not there yet.
          await until(() => run.offsets.length > 0, { what: 'a position', timeoutMs: waitMsMax });
          await signals.write(['another', execution('theirs', database)], ['srv', 'no JSON'], ['srv', execution('ours', database)]);
          await finished(run, 'ours');
          await until(async () => (await signals.taken()) === 3n, { what: 'the group’s offset', timeoutMs: waitMsMax });
        },
      );
      assert.equal(readsOf(run, database), documents);
      assert.match(run.warnings.join('\n'), /offset 1 of signals-.* is not followed: it is not a JSON object/);
      // After a restart its own place counts, wherever another connector has the group.
      await under.log.groups.alterOffsets(signals.group, [{ topic: signals.topic, partition: 0, offset: 0n }]);
      await runWith(
        run,
        () => true,
        async () => {
          await signals.write(['srv', execution('again', database)]);
          await finished(run, 'again');
        },
      );
      assert.equal(readsOf(run, database), 2 * documents);
    });

    test('one that was followed is lost by no crash before what it led to is durable', async () => {
      await using database = await itemsDatabase(await sharedMongodb());
      const signals = new Signals(under.log);
      await signals.write(['srv', execution('crashed', database)]);
      const run = runOf(database, signals.options);
      let followed = false;
      await run.run(() => {
        followed ||= progressOf(run)?.id === 'crashed';
        return followed ? 'crash before' : 'append';
      });
      assert.ok(followed);
      assert.equal(readsOf(run, database), 0);
      await runWith(
        run,
        () => isFinished(run),
        async () => {},
      );
      assert.equal(readsOf(run, database), documents);
    });

    test('what the group has committed counts for a connector that has taken none; servers of another Kafka are refused', async () => {
      await using database = await itemsDatabase(await sharedMongodb());
      const signals = new Signals(under.log);
      await signals.write(['srv', execution('old', database)], ['srv', execution('new', database)]);
      await under.log.groups.alterOffsets(signals.group, [{ topic: signals.topic, partition: 0, offset: 1n }]);
      const run = runOf(database, signals.options);
      await runWith(
        run,
        () => true,
        async () => void (await finished(run, 'new')),
      );
      assert.equal(readsOf(run, database), documents);
      run.config = { ...run.config, 'signal.kafka.bootstrap.servers': 'elsewhere:9092' };
      await assert.rejects(
        run.run(() => 'append'),
        { code: 'CONFIG_INVALID', message: /signal\.kafka\.bootstrap\.servers names elsewhere:9092/ },
      );
    });
  });
}
