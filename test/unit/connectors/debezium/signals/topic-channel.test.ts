import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSignalPlace, TopicChannel } from '../../../../../connectors/debezium/signals/topic-channel.ts';
import type { InternalTopics, LogRecord, SignalStart, SourceBatch, SourceOffset, SourceSignal } from '../../../../../src/contract/index.ts';
import { noInternalTopics } from '../../../../support/no-internal-topics.ts';
import { silentLogger } from '../../../../support/silent-logger.ts';
import { until } from '../../../../support/until.ts';

const batch: SourceBatch = { records: [], bytes: 0, offsets: [{ partition: { server: 'srv' }, offset: {} }], committedAtMs: null };

function record(offset: bigint, key: string, id: string): LogRecord {
  const value = Buffer.from(JSON.stringify({ id, type: 'log', data: { message: 'x' } }));
  return { topic: 't', partition: 0, offset, timestampMs: 0, key: Buffer.from(key), value, headers: [] };
}

/** A topic that holds these records, and what became of them. */
class MemoryTopic {
  readonly followed: string[] = [];
  readonly starts: SignalStart[] = [];
  readonly taken: bigint[] = [];
  readonly topics: InternalTopics;
  fault: Error | null = null;

  constructor(records: readonly LogRecord[], servers: readonly string[] | null = null) {
    const { starts, taken } = this;
    const signals = () => ({
      async *follow(from: SignalStart, abort: AbortSignal) {
        starts.push(from);
        yield records.filter(({ offset }) => offset >= (from.next ?? 0n));
        await new Promise(resolve => abort.addEventListener('abort', resolve, { once: true }));
      },
      taken: async (next: bigint) => void taken.push(next),
    });
    this.topics = { ...noInternalTopics, signals, servers };
  }

  channel(from: readonly SourceOffset[] = [], servers: readonly string[] = []): TopicChannel {
    const follow = async ({ id }: SourceSignal) => {
      if (this.fault) throw this.fault;
      this.followed.push(id);
      return null;
    };
    const settings = { topic: 't', group: 'g', servers, reset: 'earliest' as const };
    return new TopicChannel({ settings, prefix: 'srv', retryMs: 5, logger: silentLogger, follow }, from, this.topics);
  }
}

const ours = [record(0n, 'other', 'theirs'), record(1n, 'srv', 'first'), record(2n, 'srv', 'second')];

test('the place is stored with a batch that was made when what it covers had been followed, and not before', async () => {
  const topic = new MemoryTopic(ours);
  await using channel = topic.channel();
  async function* batches(): AsyncGenerator<SourceBatch> {
    const made = { ...batch };
    channel.start();
    await until(() => topic.followed.length === 2, { what: 'both signals' });
    yield made;
    yield batch;
    yield batch;
  }
  const stored: SourceOffset[][] = [];
  for await (const { offsets } of channel.placed(batches())) stored.push(offsets.filter(isSignalPlace));
  const place = { partition: { sluice_signal_topic: 't', key: 'srv' }, offset: { next: 3 } };
  assert.deepEqual(stored, [[], [place], []]);
  assert.deepEqual(topic.followed, ['first', 'second']);
  assert.deepEqual(topic.taken, []);
  channel.durable([place]);
  assert.deepEqual(topic.taken, [3n]);
});

test('a restart goes on behind the place of its own topic and key', async () => {
  const topic = new MemoryTopic(ours);
  const places = [
    { partition: { sluice_signal_topic: 'u', key: 'srv' }, offset: { next: 9 } },
    { partition: { sluice_signal_topic: 't', key: 'former' }, offset: { next: 8 } },
    { partition: { sluice_signal_topic: 't', key: 'srv' }, offset: { next: 2 } },
  ];
  await using channel = topic.channel(places);
  channel.start();
  await until(() => topic.followed.length > 0, { what: 'a signal' });
  assert.deepEqual(topic.followed, ['second']);
  assert.deepEqual(topic.starts, [{ next: 2n, reset: 'earliest' }]);
});

test('a signal that the database did not let be followed is tried again, and none is passed over', async () => {
  const topic = new MemoryTopic(ours);
  topic.fault = new Error('away');
  await using channel = topic.channel();
  channel.start();
  await until(() => topic.starts.length > 2, { what: 'more attempts' });
  topic.fault = null;
  await until(() => topic.followed.length === 2, { what: 'the signals' });
  assert.deepEqual(topic.followed, ['first', 'second']);
});

test('a topic of another Kafka is refused, one of the worker’s own is not', () => {
  const kafka = new MemoryTopic([], ['a:9092', 'b:9092']);
  kafka.channel([], ['b:9092', 'c:9092']);
  assert.throws(() => kafka.channel([], ['c:9092']), { code: 'CONFIG_INVALID', message: /names c:9092.*is at a:9092, b:9092/ });
  assert.throws(() => new MemoryTopic([]).channel([], ['a:9092']), { code: 'CONFIG_INVALID', message: /log is embedded/ });
});
