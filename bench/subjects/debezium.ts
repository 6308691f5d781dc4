import { startConnect } from '../../test/services/connect.ts';
import { ConnectClient } from '../../test/support/connect-client.ts';
import { KafkaView } from '../logs/kafka-view.ts';
import type { DatabaseName } from '../workload/bench-database.ts';
import { defaultHeap, kafkaJavaOptions } from './java-options.ts';
import type { Worker } from './worker.ts';

export type DebeziumOptions = {
  readonly kafka: string;
  readonly exactlyOnce: boolean;
  readonly database?: DatabaseName;
  readonly heap?: readonly string[];
};

/** Starts a distributed Kafka Connect worker with Debezium, as Kafka's own scripts start it. */
export async function startDebezium({ kafka, exactlyOnce, database = 'postgres', heap = defaultHeap }: DebeziumOptions): Promise<Worker> {
  const resources = new AsyncDisposableStack();
  try {
    const startedAtMs = performance.timeOrigin + performance.now();
    const settings = { 'exactly.once.source.support': exactlyOnce ? 'enabled' : 'disabled' };
    const connect = resources.use(await startConnect(kafka, settings, [...heap, ...kafkaJavaOptions], database));
    const restMs = performance.timeOrigin + performance.now() - startedAtMs;
    const log = resources.use(await KafkaView.open(kafka));
    return {
      pid: connect.pid,
      logFile: connect.logFile,
      startedAtMs,
      restMs,
      rest: new ConnectClient(connect.url),
      log,
      readFrom: { kafka },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}
