import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type {
  EventLog,
  LogRecord,
  LogWriter,
  ReadRange,
  SluiceError,
  SourceOffset,
  TaskId,
  WriterOptions,
} from '../../src/contract/index.ts';
import { partitionOfKey } from '../../src/log/partitioner.ts';
import { type PlainRecord, serializedBatch } from './serialized-batch.ts';

/** A log for the suite. */
export type LogUnderTest = AsyncDisposable & {
  readonly log: EventLog;
  /** Disposes the log and opens the same one again, as a restarted worker would; `log` is the new one from then on. */
  reopen(): Promise<void>;
};

const options: WriterOptions = { producerOverrides: {}, transactional: true };
const never = new AbortController().signal;

/** What every event log must do, whatever it is made of. `open` is called once; topics and connectors have random names. */
export function logSuite(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`${name} log`, { timeout: 300_000 }, () => {
    let under: LogUnderTest;
    before(async () => {
      under = await open();
    });
    after(async () => {
      await under[Symbol.asyncDispose]();
    });

    const aName = (what: string) => `${what}-${randomUUID().slice(0, 8)}`;
    const aTask = (): TaskId => ({ connector: aName('connector'), task: 0 });
    const writerOf = (task: TaskId, settings = options) => under.log.writer(task, settings, never);
    const offsetAt = (server: string, lsn: number | null): SourceOffset => ({
      partition: { server },
      offset: lsn === null ? null : { lsn, txId: 7 },
    });

    async function aTopic(partitions = 1, configs: Record<string, string> = {}): Promise<string> {
      const topic = aName('topic');
      await under.log.ensureTopics([{ topic, partitions, replicationFactor: -1, configs }], never);
      return topic;
    }

    async function append(writer: LogWriter, records: readonly PlainRecord[], offsets: readonly SourceOffset[] = []): Promise<void> {
      await writer.append({ records: serializedBatch(records), offsets });
    }

    async function read(range: Partial<ReadRange> & { topics: readonly string[] }): Promise<LogRecord[]> {
      const found: LogRecord[] = [];
      for await (const records of under.log.read({ from: 'start', follow: false, ...range }, never)) found.push(...records);
      return found;
    }

    const texts = (records: readonly LogRecord[]) => records.map(({ value }) => (value === null ? null : Buffer.from(value).toString()));
    const code = (expected: SluiceError['code']) => (error: unknown) => (error as SluiceError).code === expected;

    /** Follows topics until `enough` says so of what came. */
    async function follow(range: Omit<ReadRange, 'follow'>, enough: (records: readonly LogRecord[]) => boolean): Promise<LogRecord[]> {
      const abort = new AbortController();
      const found: LogRecord[] = [];
      for await (const records of under.log.read({ ...range, follow: true }, abort.signal)) {
        found.push(...records);
        if (enough(found)) abort.abort();
      }
      return found;
    }

    test('what was appended is read back: keys, values, nulls, headers and timestamps', async () => {
      const topic = await aTopic();
      await using writer = await writerOf(aTask());
      const headers = [
        { key: 'origin', value: Buffer.from('test') },
        { key: 'nothing', value: null },
        { key: 'origin', value: Buffer.from('again') },
      ];
      await append(writer, [
        { topic, key: 'k', value: 'v', timestampMs: 1_700_000_000_123, headers },
        { topic, key: 'k', value: null, timestampMs: 1_700_000_000_124 },
        { topic, value: 'no key', timestampMs: 1_700_000_000_125 },
        { topic, key: '', value: '', timestampMs: 1_700_000_000_126 },
        { topic, key: 'snowman ☃', value: 'grin 😀', timestampMs: 1_700_000_000_127 },
      ]);
      const records = await read({ topics: [topic] });
      assert.deepEqual(
        records.map(record => [record.topic, record.partition, record.key && Buffer.from(record.key).toString(), record.timestampMs]),
        [
          [topic, 0, 'k', 1_700_000_000_123],
          [topic, 0, 'k', 1_700_000_000_124],
          [topic, 0, null, 1_700_000_000_125],
          [topic, 0, '', 1_700_000_000_126],
          [topic, 0, 'snowman ☃', 1_700_000_000_127],
        ],
      );
      assert.deepEqual(texts(records), ['v', null, 'no key', '', 'grin 😀']);
      assert.deepEqual(
        records[0]!.headers.map(({ key, value }) => [key, value && Buffer.from(value).toString()]),
        [
          ['origin', 'test'],
          ['nothing', null],
          ['origin', 'again'],
        ],
      );
      assert.deepEqual(records[1]!.headers, []);
    });

    test('a record without timestamp gets the time of its append', async () => {
      const topic = await aTopic();
      await using writer = await writerOf(aTask());
      const before = Date.now();
      await append(writer, [{ topic, value: 'now' }]);
      const [record] = await read({ topics: [topic] });
      assert.ok(record!.timestampMs >= before - 1000 && record!.timestampMs <= Date.now() + 1000);
    });

    test('records of a partition keep the order of the appends, also of overlapping ones', async () => {
      const topic = await aTopic(3);
      await using writer = await writerOf(aTask());
      const appends = Array.from({ length: 20 }, (_, round) =>
        append(
          writer,
          Array.from({ length: 50 }, (_, index) => ({ topic, key: `key ${index % 10}`, value: String(round * 50 + index) })),
        ),
      );
      await Promise.all(appends);
      const records = await read({ topics: [topic] });
      assert.equal(records.length, 1000);
      for (const partition of [0, 1, 2]) {
        const part = records.filter(record => record.partition === partition);
        const numbers = texts(part).map(Number);
        assert.deepEqual(
          numbers,
          numbers.toSorted((a, b) => a - b),
        );
        assert.ok(part.every((record, index) => index === 0 || record.offset > part[index - 1]!.offset));
      }
    });

    test('keys go to the partitions that Java gives them, unless a record names its own', async () => {
      const topic = await aTopic(12);
      await using writer = await writerOf(aTask());
      const keys = Array.from({ length: 200 }, (_, index) => `{"id":${index * 7919}}`);
      await append(writer, [...keys.map(key => ({ topic, key, value: key })), { topic, key: 'anywhere', value: 'fixed', partition: 5 }]);
      const records = await read({ topics: [topic] });
      assert.equal(records.length, 201);
      for (const record of records) {
        const expected = Buffer.from(record.value!).toString() === 'fixed' ? 5 : partitionOfKey(12, record.key!);
        assert.equal(record.partition, expected);
      }
    });

    test('offsets become durable with their records, and the next owner reads them', async () => {
      const topic = await aTopic();
      const task = aTask();
      await using first = await writerOf(task);
      assert.deepEqual(first.offsets, []);
      await append(first, [{ topic, value: 'a' }], [offsetAt('one', 1), offsetAt('two', 1)]);
      await append(first, [{ topic, value: 'b' }], [offsetAt('one', 2)]);
      await using second = await writerOf(task);
      const byServer = second.offsets.toSorted((a, b) => String(a.partition['server']).localeCompare(String(b.partition['server'])));
      assert.deepEqual(byServer, [offsetAt('one', 2), offsetAt('two', 1)]);
      assert.deepEqual(texts(await read({ topics: [topic] })), ['a', 'b']);
    });

    test('offsets and records outlive the worker', async () => {
      const topic = await aTopic();
      const task = aTask();
      {
        await using writer = await writerOf(task);
        await append(writer, [{ topic, value: 'kept' }], [offsetAt('one', 42)]);
      }
      await under.reopen();
      await using writer = await writerOf(task);
      assert.deepEqual(writer.offsets, [offsetAt('one', 42)]);
      assert.deepEqual(texts(await read({ topics: [topic] })), ['kept']);
      await append(writer, [{ topic, value: 'more' }]);
      assert.deepEqual(texts(await read({ topics: [topic] })), ['kept', 'more']);
    });

    test('a unit may have offsets only', async () => {
      const task = aTask();
      await using first = await writerOf(task);
      await first.append({ records: null, offsets: [offsetAt('idle', 5)] });
      await first.append({ records: serializedBatch([]), offsets: [offsetAt('idle', 6)] });
      await using second = await writerOf(task);
      assert.deepEqual(second.offsets, [offsetAt('idle', 6)]);
    });

    test('a null offset deletes', async () => {
      const task = aTask();
      await using first = await writerOf(task);
      await first.append({ records: null, offsets: [offsetAt('keep', 1), offsetAt('drop', 1)] });
      await first.append({ records: null, offsets: [offsetAt('drop', null)] });
      await using second = await writerOf(task);
      assert.deepEqual(second.offsets, [offsetAt('keep', 1)]);
    });

    test('a partition of an offset is the same one whatever the order of its keys', async () => {
      const task = aTask();
      await using first = await writerOf(task);
      await first.append({ records: null, offsets: [{ partition: { a: 1, b: 'x' }, offset: { lsn: 1 } }] });
      await first.append({ records: null, offsets: [{ partition: { b: 'x', a: 1 }, offset: { lsn: 2 } }] });
      await using second = await writerOf(task);
      assert.deepEqual(
        second.offsets.map(({ offset }) => offset),
        [{ lsn: 2 }],
      );
    });

    test('a fenced writer’s append is refused and leaves nothing behind', async () => {
      const topic = await aTopic();
      const task = aTask();
      await using zombie = await writerOf(task);
      await append(zombie, [{ topic, value: 'before' }], [offsetAt('one', 1)]);
      await using owner = await writerOf(task);
      await assert.rejects(append(zombie, [{ topic, value: 'zombie' }], [offsetAt('one', 99)]), code('FENCED'));
      await append(owner, [{ topic, value: 'after' }], [offsetAt('one', 2)]);
      assert.deepEqual(texts(await read({ topics: [topic] })), ['before', 'after']);
      assert.deepEqual(await under.log.connectors.offsets(task.connector), [offsetAt('one', 2)]);
    });

    test('two tasks do not fence each other', async () => {
      const topic = await aTopic();
      const connector = aName('connector');
      await using one = await writerOf({ connector, task: 0 });
      await using two = await writerOf({ connector, task: 1 });
      await append(one, [{ topic, value: 'one' }], [offsetAt('one', 1)]);
      await append(two, [{ topic, value: 'two' }], [offsetAt('two', 1)]);
      assert.deepEqual(texts(await read({ topics: [topic] })), ['one', 'two']);
      assert.equal((await under.log.connectors.offsets(connector)).length, 2);
    });

    test('without transactions records and offsets are kept too', async () => {
      const topic = await aTopic();
      const task = aTask();
      {
        await using writer = await writerOf(task, { ...options, transactional: false });
        await append(writer, [{ topic, value: 'plain' }], [offsetAt('one', 3)]);
      }
      assert.deepEqual(texts(await read({ topics: [topic] })), ['plain']);
      assert.deepEqual(await under.log.connectors.offsets(task.connector), [offsetAt('one', 3)]);
    });

    test('a batch of more than a megabyte is one unit', async () => {
      const topic = await aTopic(2);
      await using writer = await writerOf(aTask());
      const value = 'x'.repeat(1000);
      await append(
        writer,
        Array.from({ length: 3000 }, (_, index) => ({ topic, key: String(index), value: `${index} ${value}` })),
        [offsetAt('one', 1)],
      );
      const numbers = texts(await read({ topics: [topic] })).map(text => Number.parseInt(text!, 10));
      assert.deepEqual(
        numbers.toSorted((a, b) => a - b),
        Array.from({ length: 3000 }, (_, index) => index),
      );
    });

    test('ensureTopics makes topics once, and leaves those there are as they are', async () => {
      const topic = await aTopic(3);
      await under.log.ensureTopics([{ topic, partitions: 5, replicationFactor: -1, configs: {} }], never);
      const other = aName('topic');
      await under.log.ensureTopics(
        [
          { topic, partitions: 1, replicationFactor: -1, configs: {} },
          { topic: other, partitions: -1, replicationFactor: -1, configs: { 'cleanup.policy': 'delete', 'retention.ms': '3600000' } },
        ],
        never,
      );
      const described = await under.log.describeTopics([topic, other, aName('absent')]);
      assert.deepEqual(described.map(description => description.topic).toSorted(), [topic, other].toSorted());
      assert.equal(described.find(description => description.topic === topic)!.partitions.length, 3);
    });

    test('topics describe the offsets they hold, and all are listed where none are named', async () => {
      const topic = await aTopic(2);
      await using writer = await writerOf(aTask());
      const empty = await under.log.describeTopics([topic]);
      assert.deepEqual(empty[0]!.partitions, [
        { partition: 0, start: 0n, end: 0n },
        { partition: 1, start: 0n, end: 0n },
      ]);
      await append(writer, [
        { topic, value: 'a', partition: 1 },
        { topic, value: 'b', partition: 1 },
      ]);
      const [description] = await under.log.describeTopics([topic]);
      assert.equal(description!.partitions[0]!.end, 0n);
      // At least: on Kafka a transaction's marker takes an offset too.
      assert.ok(description!.partitions[1]!.end >= 2n);
      assert.ok((await under.log.describeTopics()).some(listed => listed.topic === topic));
    });

    test('reads begin at the start, the end, an offset or a time', async () => {
      const topic = await aTopic();
      await using writer = await writerOf(aTask());
      const start = 1_700_000_000_000;
      await append(
        writer,
        Array.from({ length: 10 }, (_, index) => ({ topic, value: String(index), timestampMs: start + index * 1000 })),
      );
      const all = await read({ topics: [topic] });
      assert.deepEqual(texts(all), ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
      assert.deepEqual(texts(await read({ topics: [topic], from: 'end' })), []);
      assert.deepEqual(texts(await read({ topics: [topic], from: { offset: all[7]!.offset } })), ['7', '8', '9']);
      assert.deepEqual(texts(await read({ topics: [topic], from: { timestampMs: start + 7500 } })), ['8', '9']);
      assert.deepEqual(texts(await read({ topics: [topic], from: { timestampMs: start + 60_000 } })), []);
    });

    test('one read takes several topics', async () => {
      const [one, two] = [await aTopic(), await aTopic(2)];
      await using writer = await writerOf(aTask());
      await append(writer, [
        { topic: one, value: 'a' },
        { topic: two, value: 'b', partition: 1 },
        { topic: one, value: 'c' },
      ]);
      const records = await read({ topics: [one, two] });
      assert.deepEqual(texts(records.filter(record => record.topic === one)), ['a', 'c']);
      assert.deepEqual(texts(records.filter(record => record.topic === two)), ['b']);
    });

    test('reading a topic that does not exist is refused', async () => {
      await assert.rejects(read({ topics: [aName('absent')] }), code('TOPIC_UNKNOWN'));
    });

    test('a follower gets what is there and what comes, and ends when aborted', async () => {
      const topic = await aTopic();
      await using writer = await writerOf(aTask());
      await append(writer, [{ topic, value: 'there' }]);
      let appended: Promise<void> | null = null;
      const found = await follow({ topics: [topic], from: 'start' }, records => {
        appended ??= append(writer, [{ topic, value: 'came' }]);
        return records.length === 2;
      });
      await appended;
      assert.deepEqual(texts(found), ['there', 'came']);
    });

    test('a follower from the end sees nothing older', async () => {
      const topic = await aTopic();
      await using writer = await writerOf(aTask());
      await append(writer, [{ topic, value: 'old' }]);
      let followed = false;
      const found = follow({ topics: [topic], from: 'end' }, records => {
        followed = records.length > 0;
        return followed;
      });
      // It says not when it has found the end, so knock until it hears.
      for (let round = 0; !followed && round < 1000; round++) {
        await append(writer, [{ topic, value: 'new' }]);
        await new Promise(resolve => setTimeout(resolve, 20));
      }
      assert.ok(texts(await found).every(text => text === 'new'));
    });

    test('an aborted follower that waits for nothing ends', async () => {
      const topic = await aTopic();
      const abort = new AbortController();
      const reading = under.log.read({ topics: [topic], from: 'start', follow: true }, abort.signal)[Symbol.asyncIterator]();
      const next = reading.next();
      abort.abort();
      assert.equal((await next).done, true);
    });

    test('a deleted topic is gone', async () => {
      const topic = await aTopic();
      await using writer = await writerOf(aTask());
      await append(writer, [{ topic, value: 'gone' }]);
      await under.log.deleteTopics([topic]);
      for (let round = 0; (await under.log.describeTopics([topic])).length > 0; round++) {
        assert.ok(round < 500, 'the topic is still there');
        await new Promise(resolve => setTimeout(resolve, 20));
      }
    });

    test('connectors’ configs and target states outlive the worker', async () => {
      const [kept, removed] = [aName('kept'), aName('removed')];
      const { connectors } = under.log;
      await connectors.putConfig(kept, { 'connector.class': 'postgres', 'database.hostname': 'old' });
      await connectors.putConfig(kept, { 'connector.class': 'postgres', 'tasks.max': '1' });
      await connectors.putTargetState(kept, 'PAUSED');
      await connectors.putConfig(removed, { 'connector.class': 'postgres' });
      await connectors.remove(removed);
      await connectors.putStatus(kept, null, { state: 'RUNNING', trace: null });
      await connectors.putStatus(kept, 0, { state: 'FAILED', trace: 'why' });
      await under.reopen();
      const stored = await under.log.connectors.list();
      assert.deepEqual(
        stored.filter(({ name }) => name === kept || name === removed),
        [{ name: kept, config: { 'connector.class': 'postgres', 'tasks.max': '1' }, targetState: 'PAUSED' }],
      );
    });

    test('a new connector is to be started', async () => {
      const name = aName('new');
      await under.log.connectors.putConfig(name, {});
      const [stored] = (await under.log.connectors.list()).filter(connector => connector.name === name);
      assert.equal(stored!.targetState, 'STARTED');
    });

    test('offsets of a removed connector stay, and it may come back', async () => {
      const task = aTask();
      await using writer = await writerOf(task);
      await under.log.connectors.putConfig(task.connector, {});
      await writer.append({ records: null, offsets: [offsetAt('one', 1)] });
      await under.log.connectors.remove(task.connector);
      assert.deepEqual(await under.log.connectors.offsets(task.connector), [offsetAt('one', 1)]);
    });

    test('altered offsets replace the named ones, fence the task, and outlive the worker', async () => {
      const task = aTask();
      await using zombie = await writerOf(task);
      await zombie.append({ records: null, offsets: [offsetAt('a', 1), offsetAt('b', 1), offsetAt('c', 1)] });
      await under.log.connectors.alterOffsets(task.connector, [offsetAt('a', 9), offsetAt('b', null)]);
      await assert.rejects(zombie.append({ records: null, offsets: [offsetAt('a', 2)] }), code('FENCED'));
      await under.reopen();
      const offsets = await under.log.connectors.offsets(task.connector);
      assert.deepEqual(
        offsets.toSorted((a, b) => String(a.partition['server']).localeCompare(String(b.partition['server']))),
        [offsetAt('a', 9), offsetAt('c', 1)],
      );
    });

    test('active topics add up until they are reset', async () => {
      const name = aName('active');
      const { connectors } = under.log;
      assert.deepEqual(await connectors.activeTopics(name), []);
      await connectors.addActiveTopics(name, ['b', 'a']);
      await connectors.addActiveTopics(name, ['a', 'c']);
      await under.reopen();
      assert.deepEqual((await under.log.connectors.activeTopics(name)).toSorted(), ['a', 'b', 'c']);
      await under.log.connectors.resetActiveTopics(name);
      assert.deepEqual(await under.log.connectors.activeTopics(name), []);
    });

    test('a writer that is no longer wanted is not made', async () => {
      await assert.rejects(under.log.writer(aTask(), options, AbortSignal.abort()));
    });

    test('the log has an identity that stays', async () => {
      const id = await under.log.clusterId();
      assert.ok(id.length > 0);
      await under.reopen();
      assert.equal(await under.log.clusterId(), id);
    });
  });
}
