import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { EventLog, LogRecord, LogWriter, SourceOffset, WriterOptions } from '../../src/contract/index.ts';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { kafkaLogConfig } from '../../src/log/kafka/log-config.ts';
import { type PlainRecord, serializedBatch } from './serialized-batch.ts';

export const never = new AbortController().signal;
export const exactlyOnce: WriterOptions = { producerOverrides: {}, transactional: true };

/** A name that nobody else has. */
export const aName = (what: string) => `${what}-${randomUUID().slice(0, 8)}`;

/** The worker options of a group of its own, with internal topics of its own. */
export function workerOptions(
  bootstrapServers: string,
  group: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    'bootstrap.servers': bootstrapServers,
    'group.id': group,
    'config.storage.topic': `${group}-configs`,
    'offset.storage.topic': `${group}-offsets`,
    'offset.storage.partitions': '3',
    'status.storage.topic': `${group}-status`,
    'status.storage.partitions': '1',
    ...more,
  };
}

/** The log of a worker with these options. */
export function openLog(options: Readonly<Record<string, string>>): Promise<EventLog> {
  return openKafkaLog(kafkaLogConfig(options));
}

export async function makeTopic(log: EventLog, partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<string> {
  const topic = aName('topic');
  await log.ensureTopics([{ topic, partitions, replicationFactor: -1, configs }], never);
  return topic;
}

export async function append(writer: LogWriter, records: readonly PlainRecord[], offsets: readonly SourceOffset[] = []): Promise<void> {
  await writer.append({ records: serializedBatch(records), offsets });
}

export async function readAll(log: EventLog, topic: string): Promise<LogRecord[]> {
  const found: LogRecord[] = [];
  for await (const records of log.read({ topics: [topic], from: 'start', follow: false }, never)) found.push(...records);
  return found;
}

export const textOf = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString());

/** Carries connections to a port of 127.0.0.1 and can break or hold them: a network that fails when a test wants it to. */
export class FaultyNetwork implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #held = false;
  #kept: (() => void)[] = [];
  /** Called with every piece a client sends, before it goes on: with the Kafka request's API key, where a request begins with it. */
  onRequest: (bytes: number, apiKey: number) => void = () => {};

  constructor(targetPort: () => number) {
    this.#server = createServer(client => {
      const broker = connect(targetPort(), '127.0.0.1');
      const pair = [client, broker] as const;
      this.#pairs.add(pair);
      for (const [from, to] of [pair, [broker, client] as const]) {
        from.setNoDelay(true);
        from.on('error', () => {});
        from.on('close', () => {
          to.destroy();
          this.#pairs.delete(pair);
        });
        from.on('data', data => {
          if (from === client) this.onRequest(data.length, data.length >= 6 ? data.readInt16BE(4) : -1);
          const forward = () => !to.destroyed && to.write(data);
          if (this.#held) this.#kept.push(forward);
          else forward();
        });
      }
      if (this.#held) for (const socket of pair) socket.pause();
    });
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Breaks every connection. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  /** Lets nothing through any more, without a word to either side. */
  hold(): void {
    this.#held = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /** Lets everything through again, what was held too. */
  release(): void {
    this.#held = false;
    for (const forward of this.#kept.splice(0)) forward();
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
