import type { Clock, Logger, PluginRegistry } from '../../contract/index.ts';
import type { PlaceholderResolver, WorkerDefaults } from '../connector/connector-plan.ts';
import type { RunTask } from '../task.ts';
import type { Pause } from './supervisor-back-off.ts';

/** What a Supervisor is made of: everything that tests replace. */
export type SupervisorSettings = {
  readonly registry: PluginRegistry;
  readonly defaults: WorkerDefaults;
  readonly placeholders: PlaceholderResolver;
  readonly runTask: RunTask;
  readonly pause: Pause;
  readonly random: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The logger of one connector's plugins and tasks. */
  connectorLogger(connector: string): Logger;
  /** `host:port`, as Connect's worker_id. */
  workerId(): string;
  /** All tasks together have so long to end when they are stopped. */
  readonly taskStopMsMax: number;
  /** How often databases and topics are asked for lag and headroom; left out: only when `look` is called. */
  readonly lookEveryMs?: number;
};
