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
