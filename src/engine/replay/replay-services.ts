import type { Clock, EventLog, Logger, PluginContext } from '../../contract/index.ts';
import type { Pause } from '../supervisor/supervisor-back-off.ts';

/** What a replay works with, beside the sink's plan. */
export type ReplayServices = {
  readonly log: EventLog;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly pause: Pause;
  readonly random: () => number;
  readonly context: PluginContext;
};
