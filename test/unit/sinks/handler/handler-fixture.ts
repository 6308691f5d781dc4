import { writeFileSync } from 'node:fs';
import { handlerConnector } from '../../../../sinks/handler/plugin.ts';
import {
  type ConnectRecord,
  recordVersion,
  type Sink,
  type SinkBatch,
  type SinkRecord,
  type Value,
} from '../../../../src/contract/index.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { silentLogger } from '../../../support/silent-logger.ts';

export type Fields = Readonly<Record<string, Value>>;

const mapOf = (fields: Fields | null): Value => (fields === null ? null : new Map<Value, Value>(Object.entries(fields)));

/** Debezium's envelope without schema. */
export function envelope(operation: string, before: Fields | null, after: Fields | null): Fields {
  const source = mapOf({ connector: 'postgresql', table: 'users', ts_ms: 1_700_000_000_000 });
  return { before: mapOf(before), after: mapOf(after), source, op: operation, ts_ms: 1_700_000_000_001 };
}

export const created = (after: Fields) => envelope('c', null, after);
export const updated = (before: Fields | null, after: Fields) => envelope('u', before, after);
export const deleted = (before: Fields) => envelope('d', before, null);

let offset = 0n;

/** A record of a topic with one partition, in the order of the calls. */
export function record(topic: string, key: Fields | null, value: Fields | Value, headers: ConnectRecord['headers'] = []): SinkRecord {
  const isFields = typeof value === 'object' && value !== null && value.constructor === Object;
  const place = { topic, partition: 0, offset: offset++ };
  return {
    topic,
    partition: 0,
    timestamp: 1_700_000_000_002,
    keySchema: null,
    key: mapOf(key),
    valueSchema: null,
    value: isFields ? mapOf(value as Fields) : (value as Value),
    headers,
    place,
    version: recordVersion(0, place.offset),
  };
}

/** A batch of the live flow. */
export function batch(...records: readonly SinkRecord[]): SinkBatch {
  return { records, mode: 'live', consumed: null };
}

declare global {
  /** Given to the modules of the tests, by the name of their scratch folder. */
  var handlerTests: Map<string, unknown>;
}
globalThis.handlerTests ??= new Map();

/** Modules in a folder of their own, and sinks that run them. What a module does is seen through `probe`, its own `globalThis.probe`. */
export class HandlerFixture<Probe extends object> implements AsyncDisposable {
  readonly scratch = new ScratchFolder('handler');
  readonly probe: Probe;
  readonly #sinks: Sink[] = [];

  constructor(probe: Probe) {
    this.probe = probe;
    globalThis.handlerTests.set(this.scratch.path, probe);
  }

  /** Writes a module, in which `probe` stands for the test's. */
  module(text: string, name = 'handler.ts'): string {
    const path = this.scratch.file(name);
    writeFileSync(path, text.replaceAll('$probe', `globalThis.handlerTests.get(${JSON.stringify(this.scratch.path)})`));
    return path;
  }

  sink(module: string, config: Readonly<Record<string, string>> = {}): Sink {
    const raw = { 'handler.module': module, topics: 'users', ...config };
    const parsed = handlerConnector.spec.parse(raw, name => !name.startsWith('handler.'));
    if (parsed.config === null) throw new Error(parsed.faults.map(({ message }) => message).join('\n'));
    const clock = { nowMs: Date.now, nowNs: process.hrtime.bigint };
    const sink = handlerConnector.create(parsed.config, { connector: 'users-handler', task: 0, logger: silentLogger, clock });
    this.#sinks.push(sink);
    return sink;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sink of this.#sinks) await sink[Symbol.asyncDispose]();
    globalThis.handlerTests.delete(this.scratch.path);
    this.scratch[Symbol.dispose]();
  }
}

export const never = new AbortController().signal;
