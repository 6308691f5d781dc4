import { createHash } from 'node:crypto';
import { ConnectClient } from '../support/connect-client.ts';
import type { Case } from './case.ts';
import type { CaseDatabase, CaseEngine } from './engines.ts';

/** A record as a recording holds it, before it becomes a line. */
export type PublishedRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [key: string, value: Uint8Array | null])[];
};

/** How a recording reads what was published, as a stranger to the daemon where that is possible. */
export interface PublishedReader {
  /** All committed records of the topics. */
  read(topics: readonly string[]): Promise<readonly PublishedRecord[]>;
  /** Called before a case: what was published before it does not belong to it. */
  forgetEarlier(): Promise<void>;
}

/** Who publishes: the daemon, or the reference itself. */
export type Publisher = {
  readonly url: string;
  readonly reader: PublishedReader;
  /** Options this publisher gets on top of the case's. */
  readonly config: (theCase: Case) => Readonly<Record<string, string | null>>;
  /** Resolves once all that is committed in the database by now is published. */
  readonly settled: (running: RunningCase) => Promise<void>;
};

/** A case while its connector runs. */
export type RunningCase = {
  readonly client: ConnectClient;
  readonly connector: string;
  readonly engine: CaseEngine;
};

const text = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');

/** JSON as the converter wrote it (numbers unrounded), other bytes as `{"$text": ...}`. */
function asWritten(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  const written = text(bytes);
  try {
    JSON.parse(written);
    return written.replace(/\n/g, ' ');
  } catch {
    return JSON.stringify({ $text: written });
  }
}

/** Headers with the same key become a list. */
function headerObject(headers: PublishedRecord['headers']): Record<string, string | null | (string | null)[]> {
  const object: Record<string, string | null | (string | null)[]> = {};
  for (const [key, bytes] of headers) {
    const value = bytes === null ? null : text(bytes);
    const former = object[key];
    object[key] = former === undefined ? value : Array.isArray(former) ? [...former, value] : [former, value];
  }
  return object;
}

/** A line of a recording. */
export function recordedLine(record: PublishedRecord): string {
  const { topic, partition, key, value, headers } = record;
  const head = `{"topic":${JSON.stringify(topic)},"partition":${partition}`;
  return `${head},"key":${asWritten(key)},"value":${asWritten(value)},"headers":${JSON.stringify(headerObject(headers))}}`;
}

function byPlace(a: PublishedRecord, b: PublishedRecord): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || (a.offset < b.offset ? -1 : 1);
}

/** A case's whole config; `reference` removes options with null. */
function connectorConfig(theCase: Case, publisher: Publisher, running: RunningCase): Record<string, string> {
  const json = 'org.apache.kafka.connect.json.JsonConverter';
  const config: Record<string, string | null> = {
    'tasks.max': '1',
    'topic.prefix': 'srv',
    'key.converter': json,
    'value.converter': json,
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
    ...running.engine.config(theCase, running.connector),
    ...theCase.config,
    ...publisher.config(theCase),
  };
  return Object.fromEntries(Object.entries(config).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

async function runStatements(database: CaseDatabase, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await database.run(statement);
}

/** When the workload runs: while the connector streams, or while it is stopped. */
export type Timing = 'streaming' | 'stopped';

/**
 * Runs one case against a publisher and gives what it published, as lines by topic, partition and offset: an empty database, the
 * setup, the connector by REST, then the workload step by step, each settled before the next.
 */
export async function record(theCase: Case, engine: CaseEngine, publisher: Publisher, timing: Timing = 'streaming'): Promise<string[]> {
  const unique = `${theCase.name.replace(/[^a-z0-9]/g, '_')}_${createHash('sha1').update(`${process.pid} ${performance.now()}`).digest('hex').slice(0, 8)}`;
  const client = new ConnectClient(publisher.url);
  const running: RunningCase = { client, connector: unique, engine };
  await publisher.reader.forgetEarlier();
  await using database = await engine.openDatabase(theCase.database);
  await runStatements(database, theCase.setup);
  await client.putConfig(unique, connectorConfig(theCase, publisher, running));
  let topics: string[];
  try {
    await client.running(unique);
    await engine.streaming(running);
    await publisher.settled(running);
    if (timing === 'stopped') await client.stop(unique);
    for (const step of theCase.workload) {
      await runStatements(database, step);
      if (timing === 'streaming') await publisher.settled(running);
    }
    if (timing === 'stopped') {
      await client.resume(unique);
      await publisher.settled(running);
    }
    topics = await client.topics(unique);
  } finally {
    await client.delete(unique);
  }
  const records = await publisher.reader.read(topics.filter(topic => !theCase.ignore?.includes(topic)));
  return [...records].sort(byPlace).map(recordedLine);
}
