import type { JsonValue, LogRecord, SerializedBatch, SerializedHeader } from '../../../contract/index.ts';
import type { PinnedDefinition, SagaCommand, SagaInstance } from '../saga.ts';
import { keyHeader, typeHeader } from './incoming-message.ts';
import { instancesTopicOf } from './saga-topics.ts';

type Entry = {
  readonly topic: number;
  readonly key: Buffer | null;
  readonly value: Buffer | Uint8Array | null;
  readonly headers: number;
  readonly timestampMs: number;
};

const noHeaders: readonly SerializedHeader[] = [];

/** Before the hash in a definition's key. An instance's id has no slash before its colon: the saga's name holds none. */
export const definitionPrefix = 'definition/';

/** What a command is known by, wherever it leaves from. */
export function commandHeaders({ type, idempotencyKey }: SagaCommand, sagaId: string): readonly SerializedHeader[] {
  return [
    { key: typeHeader, value: Buffer.from(type) },
    { key: keyHeader, value: Buffer.from(idempotencyKey) },
    { key: 'sagaId', value: Buffer.from(sagaId) },
  ];
}

/** The records that a saga's transitions become durable with, gathered into one batch of the log. */
export class SagaUnit {
  readonly #saga: string;
  readonly #topics = new Map<string, number>();
  readonly #headerSets: (readonly SerializedHeader[])[] = [noHeaders];
  readonly #entries: Entry[] = [];
  #bytes = 0;

  constructor(saga: string) {
    this.#saga = saga;
  }

  get count(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  instance(instance: SagaInstance): void {
    this.#add(instancesTopicOf(this.#saga), instance.id, Buffer.from(JSON.stringify(instance)), noHeaders, Number.NaN);
  }

  definition(pinned: PinnedDefinition): void {
    const value = Buffer.from(JSON.stringify(pinned));
    this.#add(instancesTopicOf(this.#saga), definitionPrefix + pinned.hash, value, noHeaders, Number.NaN);
  }

  /** Of an instance that is not needed any more. */
  forget(id: string): void {
    this.#add(instancesTopicOf(this.#saga), id, null, noHeaders, Number.NaN);
  }

  forgetDefinition(hash: string): void {
    this.#add(instancesTopicOf(this.#saga), definitionPrefix + hash, null, noHeaders, Number.NaN);
  }

  command(command: SagaCommand, sagaId: string): void {
    const { topic, correlationId, payload } = command;
    this.#add(topic, correlationId, Buffer.from(JSON.stringify(payload satisfies JsonValue)), commandHeaders(command, sagaId), Number.NaN);
  }

  deadLetter(topic: string, { key, value, timestampMs }: LogRecord, headers: readonly SerializedHeader[]): void {
    this.#enter({
      topic: this.#topic(topic),
      key: key === null ? null : Buffer.from(key),
      value,
      headers: this.#set(headers),
      timestampMs,
    });
  }

  finish(): SerializedBatch {
    const count = this.#entries.length;
    const slab = Buffer.alloc(this.#bytes);
    const batch = {
      count,
      slab,
      keyLengths: new Int32Array(count),
      valueLengths: new Int32Array(count),
      topicIndexes: new Uint32Array(count),
      topics: [...this.#topics.keys()],
      partitions: new Int32Array(count).fill(-1),
      timestampsMs: new Float64Array(count),
      headerIndexes: new Uint32Array(count),
      headerSets: this.#headerSets,
    };
    let at = 0;
    for (const [index, { topic, key, value, headers, timestampMs }] of this.#entries.entries()) {
      batch.keyLengths[index] = key?.length ?? -1;
      batch.valueLengths[index] = value?.length ?? -1;
      batch.topicIndexes[index] = topic;
      batch.headerIndexes[index] = headers;
      batch.timestampsMs[index] = timestampMs;
      if (key !== null) slab.set(key, at);
      at += key?.length ?? 0;
      if (value !== null) slab.set(value, at);
      at += value?.length ?? 0;
    }
    return batch;
  }

  #add(topic: string, key: string, value: Buffer | null, headers: readonly SerializedHeader[], timestampMs: number): void {
    this.#enter({ topic: this.#topic(topic), key: Buffer.from(key), value, headers: this.#set(headers), timestampMs });
  }

  #enter(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += (entry.key?.length ?? 0) + (entry.value?.length ?? 0);
  }

  #topic(name: string): number {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    this.#topics.set(name, this.#topics.size);
    return this.#topics.size - 1;
  }

  #set(headers: readonly SerializedHeader[]): number {
    if (headers.length === 0) return 0;
    return this.#headerSets.push(headers) - 1;
  }
}
