import { type ConnectRecord, type LogRecord, type SinkRecord, SluiceError } from '../../contract/index.ts';
import { SinkConversion } from '../sink/sink-conversion.ts';
import type { ConversionPlan } from '../sink/sink-task-plan.ts';
import type { SourceConversion } from '../source/source-plan.ts';

/** A row on the way that its records take: as the log would hold it, and, where there is a sink, as that would get it. */
export type PublishedRow = {
  readonly log: LogRecord;
  /** Null where the sink's transforms drop it, or where nothing is compared to a sink. */
  readonly record: SinkRecord | null;
};

/** The way of a connector's records: the source's transforms and converters, then the sink's. Nothing is appended anywhere. */
export class RecordPath {
  readonly #source: SourceConversion;
  readonly #sink: SinkConversion | null;

  constructor(source: SourceConversion, sink: ConversionPlan | null) {
    this.#source = source;
    this.#sink = sink === null ? null : new SinkConversion(sink);
  }

  /** Null where the source's transforms drop the record. Throws CONVERSION_FAILED and TRANSFORM_FAILED. */
  publish(record: ConnectRecord): PublishedRow | null {
    const { transform, key, value, header } = this.#source;
    const published = transform === null ? record : transform(record);
    if (published === null) return null;
    const { topic, timestamp } = published;
    const log: LogRecord = {
      topic,
      partition: published.partition ?? 0,
      offset: 0n,
      timestampMs: timestamp ?? 0,
      // A converter may use its memory again.
      key: key.serialize(topic, published.keySchema, published.key)?.slice() ?? null,
      value: value.serialize(topic, published.valueSchema, published.value)?.slice() ?? null,
      headers: published.headers.map(one => ({ key: one.key, value: header.serializeHeader(topic, one)?.slice() ?? null })),
    };
    return { log, record: this.received(log, 0n) };
  }

  /**
   * The record in its last form that has schemas: as the sink gets it, or, where what is between them keeps none, as the source's transforms leave it.
   * Null where one of them drops it.
   */
  last(record: ConnectRecord): ConnectRecord | null {
    const received = this.publish(record)?.record ?? null;
    if (received !== null && received.valueSchema !== null) return received;
    const { transform } = this.#source;
    return transform === null ? record : transform(record);
  }

  /** What the sink gets of a record of the log; null where it drops it, and without a sink. */
  received(log: LogRecord, version: bigint): SinkRecord | null {
    return this.#sink === null ? null : this.#sink.convert(log, version);
  }

  /** Those of the log's records that are of a row: without a key they are of none. */
  rowsOf(records: readonly LogRecord[]): PublishedRow[] {
    return records.flatMap(log => (log.key === null ? [] : [{ log, record: this.received(log, 0n) }]));
  }

  /** What the log says, by the source's own converters. */
  asPublished({ topic, key, value, timestampMs, partition }: LogRecord): ConnectRecord {
    const { key: keys, value: values } = this.#source;
    const [readKey, readValue] = [keys.deserialize(topic, key), values.deserialize(topic, value)];
    return {
      topic,
      partition,
      timestamp: timestampMs,
      keySchema: readKey.schema,
      key: readKey.value,
      valueSchema: readValue.schema,
      value: readValue.value,
      headers: [],
    };
  }
}

/** A row's own name in the log: records of one key have the same bytes in the same topic. Throws BAD_REQUEST for one without a key. */
export function logKey({ topic, key }: Pick<LogRecord, 'topic' | 'key'>): string {
  if (key === null)
    throw new SluiceError('BAD_REQUEST', `Records of topic ${topic} have no key, so that nothing says which of them are of one row.`);
  return `${topic}/${Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')}`;
}
