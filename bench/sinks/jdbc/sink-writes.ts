import assert from 'node:assert/strict';
import { jdbcSink } from '../../../sinks/jdbc/plugin.ts';
import { recordVersion, type Sink, type SinkRecord } from '../../../src/contract/index.ts';
import { silentLogger } from '../../../test/support/silent-logger.ts';
import type { Stopwatch } from '../processor-time.ts';
import { benchRecord } from '../records.ts';
import { batchSize, jsonConverter, type Message, messages, rows } from './rows.ts';

const never = new AbortController().signal;
const group = 'connect-bench';

async function assigned(port: number, topic: string, generation: number): Promise<Sink> {
  const { config } = jdbcSink.spec.parse({
    'connection.url': `jdbc:postgresql://127.0.0.1:${port}/postgres?user=postgres&password=postgres&sslmode=disable`,
    'insert.mode': 'upsert',
    'primary.key.mode': 'record_key',
    'delete.enabled': 'true',
  });
  const clock = { nowMs: () => Date.now(), nowNs: () => process.hrtime.bigint() };
  const sink = jdbcSink.create(config!, { connector: 'bench', task: 0, logger: silentLogger, clock });
  await sink.assign!({ group, generation, partitions: [{ topic, partition: 0, era: 1 }] }, never);
  return sink;
}

async function write(sink: Sink, topic: string, index: number, generation: number, records: readonly SinkRecord[]): Promise<void> {
  const next = [{ topic, partition: 0, offset: BigInt((index + 1) * batchSize) }];
  const { failed } = await sink.write({ records, mode: 'live', consumed: { group, member: 'bench', generation, next } }, never);
  assert.equal(failed.length, 0);
}

/** The sink's `write`, with records in Debezium's envelope as the engine hands them over; resolves when `after` has. */
export async function sinkWrites(port: number, topic: string, generation: number, watch: Stopwatch, after: () => void): Promise<void> {
  await using sink = await assigned(port, topic, generation);
  for (let index = 0; index < rows / batchSize; index++) {
    const records = Array.from({ length: batchSize }, (_, at) => benchRecord(topic, index * batchSize + at));
    await watch.measure(() => write(sink, topic, index, generation, records));
  }
  after();
}

/** The same from the messages' bytes on: converters first. */
export async function sinkOverLog(port: number, topic: string, generation: number, watch: Stopwatch, after: () => void): Promise<void> {
  await using sink = await assigned(port, topic, generation);
  const [keys, values] = [jsonConverter(), jsonConverter()];
  const record = ({ offset, key: keyBytes, value: valueBytes }: Message): SinkRecord => {
    const key = keys.deserialize(topic, keyBytes);
    const value = values.deserialize(topic, valueBytes);
    return {
      topic,
      partition: 0,
      timestamp: 0,
      keySchema: key.schema,
      key: key.value,
      valueSchema: value.schema,
      value: value.value,
      headers: [],
      place: { topic, partition: 0, offset: BigInt(offset) },
      version: recordVersion(1, BigInt(offset)),
    };
  };
  for (let index = 0; index < rows / batchSize; index++) {
    const batch = messages(topic, index * batchSize);
    await watch.measure(() => write(sink, topic, index, generation, batch.map(record)));
  }
  after();
}
