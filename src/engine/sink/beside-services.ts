import type { Clock, EventLog, Logger, PluginContext } from '../../contract/index.ts';
import type { Pause } from '../supervisor/supervisor-back-off.ts';

/** What goes beside a sink's tasks (a replay, a redelivery) works with, besides the sink's plan. */
export type BesideServices = {
  readonly log: EventLog;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly pause: Pause;
  readonly random: () => number;
  readonly context: PluginContext;
};
