import {
  type ConnectRecord,
  type Converter,
  type ConverterRole,
  type Header,
  type HeaderConverter,
  type InternalRecord,
  type LogRecord,
  type Schema,
  type SerializedBatch,
  type SerializedHeader,
  SlabWriter,
  type SluiceError,
  toSluiceError,
  type Value,
} from '../contract/index.ts';

/** The converters of one connector. */
export type RecordConverters = { readonly key: Converter; readonly value: Converter; readonly header: HeaderConverter };

/** Why a record was not added, and which of its converters refused it. */
export type ConversionFailure = { readonly role: ConverterRole; readonly error: SluiceError };

const noHeaders: readonly SerializedHeader[] = [];
const capacityMin = 256;

/** Columns of the batch under construction: typed arrays of one length, doubled when full. */
class Columns {
  keyLengths: Int32Array;
  valueLengths: Int32Array;
  topicIndexes: Uint32Array;
  partitions: Int32Array;
  timestampsMs: Float64Array;
  headerIndexes: Uint32Array;

  constructor(capacity: number) {
    this.keyLengths = new Int32Array(capacity);
    this.valueLengths = new Int32Array(capacity);
    this.topicIndexes = new Uint32Array(capacity);
    this.partitions = new Int32Array(capacity);
    this.timestampsMs = new Float64Array(capacity);
    this.headerIndexes = new Uint32Array(capacity);
  }

  grown(): Columns {
    const larger = new Columns(this.keyLengths.length * 2);
    larger.keyLengths.set(this.keyLengths);
    larger.valueLengths.set(this.valueLengths);
    larger.topicIndexes.set(this.topicIndexes);
    larger.partitions.set(this.partitions);
    larger.timestampsMs.set(this.timestampsMs);
    larger.headerIndexes.set(this.headerIndexes);
    return larger;
  }
}

/**
 * Serializes records into one batch after another, straight into the batch's slab. Not bounded by itself: the caller looks at `bytes` and
 * `count` and cuts.
 */
export class BatchSerializer {
  readonly #converters: RecordConverters;
  readonly #slab = new SlabWriter();
  #columns = new Columns(capacityMin);
  #count = 0;
  #headerBytes = 0;

  #topics: string[] = [];
  #topicIndexes = new Map<string, number>();
  #lastTopic = '';
  #lastTopicIndex = -1;

  #headerSets: (readonly SerializedHeader[])[] = [noHeaders];
  #headerIndexes = new Map<readonly SerializedHeader[], number>([[noHeaders, 0]]);
  #lastHeaders: readonly Header[] | null = null;
  #lastHeaderIndex = 0;
  /** Bytes of header sets by the identity of the array that records share; it outlives the batch. */
  readonly #serializedHeaders = new WeakMap<readonly Header[], readonly SerializedHeader[]>();

  constructor(converters: RecordConverters) {
    this.#converters = converters;
  }

  /** Records in the batch under construction. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of its keys, values and distinct header sets. */
  get bytes(): number {
    return this.#slab.length + this.#headerBytes;
  }

  /** Adds a record. Where a converter refuses it, it is not added, the batch stays as it was, and the answer says why. */
  add(record: ConnectRecord): ConversionFailure | null {
    const start = this.#slab.length;
    let role: ConverterRole = 'key';
    try {
      const keyLength = this.#append(this.#converters.key, record.topic, record.keySchema, record.key);
      role = 'value';
      const valueLength = this.#append(this.#converters.value, record.topic, record.valueSchema, record.value);
      role = 'header';
      const headerIndex = record.headers === this.#lastHeaders ? this.#lastHeaderIndex : this.#headersOf(record);
      this.#enter(record, keyLength, valueLength, headerIndex);
      return null;
    } catch (thrown) {
      this.#slab.truncate(start);
      return { role, error: toSluiceError(thrown) };
    }
  }

  /** Adds a record that no converter has to do with. */
  addInternal({ topic, key, value }: InternalRecord): void {
    const keyLength = this.#appendText(key);
    this.#enter({ topic, partition: 0, timestamp: null }, keyLength, this.#appendText(value), 0);
  }

  /** Adds a record whose key, value and headers are bytes already, for the log to choose its partition. */
  addSerialized(record: Omit<LogRecord, 'partition' | 'offset'>): void {
    const { topic, timestampMs, key, value, headers } = record;
    if (key !== null) this.#slab.bytes(key);
    if (value !== null) this.#slab.bytes(value);
    const headerIndex = headers.length === 0 ? 0 : this.#headerSetOf(headers);
    this.#enter({ topic, partition: null, timestamp: timestampMs }, key?.length ?? -1, value?.length ?? -1, headerIndex);
  }

  /** The batch, whose buffers are the caller's from here on; the next one begins empty. */
  finish(): SerializedBatch {
    const { keyLengths, valueLengths, topicIndexes, partitions, timestampsMs, headerIndexes } = this.#columns;
    const count = this.#count;
    const batch: SerializedBatch = {
      count,
      slab: this.#slab.take(),
      keyLengths: keyLengths.slice(0, count),
      valueLengths: valueLengths.slice(0, count),
      topicIndexes: topicIndexes.slice(0, count),
      topics: this.#topics,
      partitions: partitions.slice(0, count),
      timestampsMs: timestampsMs.slice(0, count),
      headerIndexes: headerIndexes.slice(0, count),
      headerSets: this.#headerSets,
    };
    this.#count = 0;
    this.#headerBytes = 0;
    this.#topics = [];
    this.#topicIndexes = new Map();
    this.#lastTopicIndex = -1;
    this.#headerSets = [noHeaders];
    this.#headerIndexes = new Map([[noHeaders, 0]]);
    this.#lastHeaders = null;
    return batch;
  }

  /** Appends a key or value; its length, -1 for null. */
  #append(converter: Converter, topic: string, schema: Schema | null, value: Value): number {
    const start = this.#slab.length;
    if (converter.serializeInto) return converter.serializeInto(topic, schema, value, this.#slab) ? this.#slab.length - start : -1;
    const bytes = converter.serialize(topic, schema, value);
    if (bytes === null) return -1;
    this.#slab.bytes(bytes);
    return bytes.length;
  }

  #appendText(text: string | null): number {
    if (text === null) return -1;
    const bytes = Buffer.from(text);
    this.#slab.bytes(bytes);
    return bytes.length;
  }

  #enter(
    record: Pick<ConnectRecord, 'topic' | 'partition' | 'timestamp'>,
    keyLength: number,
    valueLength: number,
    headerIndex: number,
  ): void {
    if (this.#count === this.#columns.keyLengths.length) this.#columns = this.#columns.grown();
    const columns = this.#columns;
    const at = this.#count++;
    columns.keyLengths[at] = keyLength;
    columns.valueLengths[at] = valueLength;
    columns.topicIndexes[at] = this.#topicIndexOf(record.topic);
    columns.partitions[at] = record.partition ?? -1;
    columns.timestampsMs[at] = record.timestamp ?? Number.NaN;
    columns.headerIndexes[at] = headerIndex;
  }

  #topicIndexOf(topic: string): number {
    if (this.#lastTopicIndex >= 0 && topic === this.#lastTopic) return this.#lastTopicIndex;
    let index = this.#topicIndexes.get(topic);
    if (index === undefined) {
      index = this.#topics.length;
      this.#topics.push(topic);
      this.#topicIndexes.set(topic, index);
    }
    this.#lastTopic = topic;
    this.#lastTopicIndex = index;
    return index;
  }

  #headersOf({ topic, headers }: ConnectRecord): number {
    const serialized = headers.length === 0 ? noHeaders : (this.#serializedHeaders.get(headers) ?? this.#serializeHeaders(topic, headers));
    const index = this.#headerSetOf(serialized);
    this.#lastHeaders = headers;
    this.#lastHeaderIndex = index;
    return index;
  }

  #headerSetOf(serialized: readonly SerializedHeader[]): number {
    let index = this.#headerIndexes.get(serialized);
    if (index === undefined) {
      index = this.#headerSets.length;
      this.#headerSets.push(serialized);
      this.#headerIndexes.set(serialized, index);
      for (const { key, value } of serialized) this.#headerBytes += key.length + (value?.length ?? 0);
    }
    return index;
  }

  #serializeHeaders(topic: string, headers: readonly Header[]): readonly SerializedHeader[] {
    const converter = this.#converters.header;
    const serialized = headers.map(header => ({ key: header.key, value: converter.serializeHeader(topic, header) }));
    this.#serializedHeaders.set(headers, serialized);
    return serialized;
  }
}
