import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionPool, NetworkError, Reader, readRecordsBatch } from '@platformatic/kafka';
import fc from 'fast-check';
import { SluiceError } from '../../../../src/contract/index.ts';
import { BrokerError, isRepeatable, kafkaError } from '../../../../src/log/kafka/errors.ts';
import { PartitionSends, type ProduceCluster, type ProduceConnection } from '../../../../src/log/kafka/produce.ts';
import { producerSpec } from '../../../../src/log/kafka/producer-config.ts';
import { encodeHeaders, RecordBatch } from '../../../../src/log/kafka/record-batch.ts';

const settings = producerSpec.parse({ 'max.request.size': '3000', 'batch.size': '1000' }).config!;
const producer = { id: 7n, epoch: 0, transactional: true };
const codes = { NOT_LEADER_OR_FOLLOWER: 6, MESSAGE_TOO_LARGE: 10, OUT_OF_ORDER_SEQUENCE_NUMBER: 45 };

/** What happens to a partition's part of a request: taken, refused, or taken while the answer gets lost. */
type Fate = 'taken' | 'refused' | 'lost';
type Partition = { next: number | null; taken: number[]; lastSequences: number[] };

/**
 * A broker as far as produce requests go: it knows repetitions of the last five batches and misses none, but of a producer that it does
 * not know it takes whatever comes first. (So does Kafka's ProducerAppendInfo: the state may have been deleted with old records.)
 */
class Broker {
  readonly partitions = new Map<number, Partition>();
  readonly requests: number[][] = [];
  readonly #fates: () => Fate;

  constructor(fates: () => Fate) {
    this.#fates = fates;
  }

  /** The answer, or null where it gets lost. */
  answer(request: Buffer) {
    const parts = partsOf(request);
    this.requests.push(parts.map(({ partition }) => partition));
    const fate = this.#fates();
    const answers = parts.map(({ partition, sequence, count }) => {
      const state = this.partitions.get(partition) ?? { next: null, taken: [], lastSequences: [] };
      this.partitions.set(partition, state);
      if (fate === 'refused') return { index: partition, errorCode: codes.NOT_LEADER_OR_FOLLOWER };
      if (state.lastSequences.includes(sequence)) return { index: partition, errorCode: 0 };
      if (state.next !== null && state.next !== sequence) return { index: partition, errorCode: codes.OUT_OF_ORDER_SEQUENCE_NUMBER };
      state.next = sequence + count;
      state.taken.push(sequence);
      state.lastSequences = [...state.lastSequences, sequence].slice(-5);
      return { index: partition, errorCode: 0 };
    });
    return fate === 'lost' ? null : { responses: [{ name: 't', partitionResponses: answers }] };
  }
}

/** The batches of a produce request (version 11). */
function partsOf(request: Buffer): { partition: number; sequence: number; count: number }[] {
  const reader = Reader.from(request);
  assert.equal(reader.readNullableString(), 'id');
  assert.equal(reader.readInt16(), -1);
  reader.readInt32();
  const parts: { partition: number; sequence: number; count: number }[] = [];
  reader.readArray(ofTopic => {
    assert.equal(ofTopic.readString(), 't');
    ofTopic.readArray(ofPartition => {
      const partition = ofPartition.readInt32();
      const length = ofPartition.readUnsignedVarInt() - 1;
      const batch = readRecordsBatch(
        Reader.from(Buffer.from(ofPartition.buffer.subarray(ofPartition.position, ofPartition.position + length).buffer)),
      );
      ofPartition.skip(length);
      parts.push({ partition, sequence: batch.firstSequence, count: batch.records.length });
    });
  });
  return parts;
}

/** One connection, requests answered one after the other as a broker does; those behind a lost answer are lost too. */
function clusterOf(broker: Broker): ProduceCluster {
  let broken = 0;
  const connection: ProduceConnection = {
    send(_key, _version, payload, _parser, _request, _response, callback) {
      const writer = payload();
      assert.ok(!(writer instanceof Promise));
      const request = writer.buffer;
      const generation = broken;
      setImmediate(() => {
        const answer = generation === broken ? broker.answer(request) : null;
        if (answer === null && generation === broken) broken++;
        if (answer === null) callback(new NetworkError('Connection closed'));
        else callback(null, answer as never);
      });
    },
  };
  const partition = { leader: 1, leaderEpoch: 0, replicas: [], isr: [], offlineReplicas: [] };
  return {
    connection: { requestTimeoutMs: 1000 },
    version: async () => 11,
    topic: async () => ({ partitions: [partition, partition, partition] }),
    socketTo: async () => connection,
    call: async (doing, operation) => {
      for (let attempt = 0; ; attempt++) {
        try {
          return await operation();
        } catch (error) {
          if (isRepeatable(error) === false || attempt === 200) throw kafkaError(doing, error);
        }
      }
    },
  };
}

function batchOf(count: number): RecordBatch {
  const batch = new RecordBatch(1000);
  for (let index = 0; index < count; index++) batch.add(0, Buffer.alloc(300), 0, -1, 300, encodeHeaders([]));
  return batch;
}

const pool = new ConnectionPool('test');

async function send(broker: Broker, rounds: readonly (readonly (readonly number[])[])[]): Promise<void> {
  const sends = new PartitionSends(clusterOf(broker), pool, settings, 'id');
  for (const partitions of rounds) {
    const batches = new Map(
      partitions.map((counts, partition) => [partition, counts.map(batchOf)] as const).filter(([, list]) => list.length > 0),
    );
    await sends.send(new Map([['t', batches]]), producer);
  }
}

const counts = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 6 });
const rounds = fc.array(fc.tuple(counts, counts, counts), { minLength: 1, maxLength: 3 });
const fates = fc.array(fc.constantFrom<Fate>('taken', 'taken', 'taken', 'refused', 'lost'), { maxLength: 40 });

test('whatever is refused or lost on the way, each partition gets each batch once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(rounds, fates, async (sent, planned) => {
      const left = [...planned];
      const broker = new Broker(() => left.shift() ?? 'taken');
      await send(broker, sent);
      for (const partition of [0, 1, 2]) {
        const expected: number[] = [];
        let sequence = 0;
        for (const count of sent.flatMap(round => round[partition]!)) {
          expected.push(sequence);
          sequence += count;
        }
        assert.deepEqual(broker.partitions.get(partition)?.taken ?? [], expected);
      }
      for (const request of broker.requests)
        assert.equal(new Set(request).size, request.length, 'two batches of a partition in one request');
    }),
    { numRuns: 300 },
  );
});

test('a first batch that is refused is not overtaken by the second', async () => {
  const left: Fate[] = ['refused'];
  const broker = new Broker(() => left.shift() ?? 'taken');
  await send(broker, [[[2, 2, 2]]]);
  assert.deepEqual(broker.partitions.get(0)!.taken, [0, 2, 4]);
});

test('what cannot be repeated ends the sending, with the topic’s name', async () => {
  const broker = new Broker(() => 'taken');
  const cluster = clusterOf(broker);
  const refusing = { responses: [{ name: 't', partitionResponses: [{ index: 0, errorCode: codes.MESSAGE_TOO_LARGE }] }] };
  const connection: ProduceConnection = { send: (...args) => args[6](null, refusing as never) };
  const sends = new PartitionSends({ ...cluster, socketTo: async () => connection }, pool, settings, 'id');
  await assert.rejects(
    sends.send(new Map([['t', new Map([[0, [batchOf(1)]]])]]), producer),
    (error: unknown) => error instanceof SluiceError && error.code === 'RECORD_TOO_LARGE' && /topic t/.test(error.message),
  );
});

test('a partition that the topic does not have is refused without a request', async () => {
  const broker = new Broker(() => 'taken');
  const sends = new PartitionSends({ ...clusterOf(broker), call: (_, operation) => operation() }, pool, settings, 'id');
  await assert.rejects(sends.send(new Map([['t', new Map([[9, [batchOf(1)]]])]]), producer), BrokerError);
  assert.deepEqual(broker.requests, []);
});
