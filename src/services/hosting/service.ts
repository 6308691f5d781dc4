import type { Clock, EventLog, Logger, RawConfig } from '../../contract/index.ts';
import type { Pause } from '../../engine/supervisor/supervisor-back-off.ts';
import type { Labels } from '../../observe/metrics/exposition.ts';
import type { HistogramView } from '../../observe/metrics/histogram.ts';

/**
 * A service beside the pipeline: something that the worker runs because its file names it (`services: {NAME: ...}`). This object is made of the
 * worker's config alone and does no I/O; whatever it opens, it opens in `start`, as often as it is started.
 */
export interface Service {
  /** As the worker file has it under `services`: `event-store`. */
  readonly name: string;
  /** Connectors that do a part of its work. The worker's file holds them, so that REST cannot change or delete them; they start with the worker. */
  readonly connectors: readonly ServiceConnector[];
  /** What it counts, in the order in which it is shown. Names begin with `sluice_`. */
  readonly metrics: readonly ServiceFamily[];
  /**
   * Opens what it needs and begins. Resolves when it does its work. Rejects with SluiceError where it cannot: it is started again after a
   * pause, and what it has opened by then it has closed. Begins nothing new once `context.abort` is aborted.
   */
  start(context: ServiceContext): Promise<RunningService>;
}

/** A service that does its work. One owner, the host; disposing ends it cleanly, whether it has failed or not. */
export interface RunningService extends AsyncDisposable {
  /** Rejects with what makes it unable to go on: it is disposed and started again. Stays pending else, and through a disposal. */
  readonly failed: Promise<never>;
  /** What an operator should see of it beside its state, as JSON (GET /sluice/services/NAME). Asks nobody. */
  health(): Readonly<Record<string, unknown>>;
}

/** A connector of a service: `config` as a connector's file has it, placeholders unresolved, without `name`. */
export type ServiceConnector = { readonly name: string; readonly config: RawConfig };

/** What the worker hands to a service. */
export type ServiceContext = {
  /** Open, and open for longer than the service. */
  readonly log: EventLog;
  /** `sluice.service.NAME`. */
  readonly logger: Logger;
  readonly clock: Clock;
  readonly pause: Pause;
  /** In [0, 1). */
  readonly random: () => number;
  /** `host:port` of the worker's REST. */
  readonly workerId: string;
  readonly connectors: ServiceConnectors;
  /** Aborted when the worker stops: the service is disposed of right after. */
  readonly abort: AbortSignal;
};

/** The supervisor, as far as a service has to do with it. */
export type ServiceConnectors = {
  /** Connect's state of a connector and of its tasks; null where there is none, or another worker of the group runs it. */
  states(name: string): readonly string[] | null;
  /**
   * Starts what of a connector has FAILED, as when what it reads is there only now; an attempt that has looked before now and fails yet is followed by another.
   * Nothing else is touched.
   */
  revive(name: string): Promise<void>;
};

/** A metric of a service: its samples as of now, none while it does not run. Counters must not fall when the service is started again. */
export type ServiceFamily = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  samples(): readonly { readonly labels: Labels; readonly value: number | HistogramView }[];
};

/** `failed`: it waits to be started again (`ServiceView.retrying`), as often as it takes. */
export type ServiceState = 'starting' | 'running' | 'failed' | 'stopped';

/** GET /sluice/services/NAME. Times are ISO 8601. */
export type ServiceView = {
  readonly name: string;
  readonly state: ServiceState;
  /** When it came into this state. */
  readonly since: string;
  /** Starts after the first. */
  readonly restarts: number;
  readonly retrying: {
    readonly code: string;
    readonly reason: string;
    readonly remedy: string;
    /** How many in a row. */
    readonly attempts: number;
    readonly next_attempt: string;
  } | null;
  readonly connectors: readonly string[];
  /** null while it does not run. */
  readonly health: Readonly<Record<string, unknown>> | null;
};
