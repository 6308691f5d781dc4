import { logTail } from '../../test/services/server-process.ts';
import type { ConnectClient } from '../../test/support/connect-client.ts';
import type { LogView } from '../logs/log-view.ts';

/** A worker in a process of its own, started a moment ago for one run: Sluice, or Kafka Connect with Debezium. */
export interface Worker extends AsyncDisposable {
  readonly pid: number;
  /** What it says, for messages. */
  readonly logFile: string;
  /** Milliseconds since 1970: when its process was started. */
  readonly startedAtMs: number;
  /** From there until REST answered. */
  readonly restMs: number;
  readonly rest: ConnectClient;
  readonly log: LogView;
  /** What the latency's reader is told about where to read. */
  readonly readFrom: { readonly kafka: string } | { readonly dataFolder: string };
}

/** Starts a fresh worker, with nothing stored. */
export type StartWorker = () => Promise<Worker>;

/** Lines of its log that say why a run failed. */
const logLines = 12;

/** Starts a fresh worker, uses it and ends it. What the use throws has the end of the worker's log behind it. */
export async function withWorker<T>(start: StartWorker, use: (worker: Worker) => Promise<T>): Promise<T> {
  await using worker = await start();
  try {
    return await use(worker);
  } catch (error) {
    throw new Error(`${(error as Error).message}\nThe end of the worker's log:\n${logTail(worker.logFile, logLines)}`, { cause: error });
  }
}
