import type {
  CapturedTable,
  CheckResult,
  Clock,
  ConfigFault,
  EventLog,
  Logger,
  MeasuredSource,
  OptionState,
  PluginContext,
  PluginRegistry,
  RawConfig,
} from '../../contract/index.ts';
import type { SinkPlan } from '../sink/sink-plan.ts';
import type { SinkTaskObserver } from '../sink/sink-task-plan.ts';
import type { SourcePlan } from '../source/source-plan.ts';
import type { Pause } from '../supervisor/supervisor-back-off.ts';
import type { TaskPlan } from '../task.ts';
import type { KnownConnector } from '../verification/against.ts';
import type { ConsumerOverrideCheck, OverrideCheck, OverridePolicy } from './connector-overrides.ts';

/** What a worker gives every connector. */
export type WorkerDefaults = {
  /** `key.converter`, `key.converter.schemas.enable` ...: for connectors that name no converter. */
  readonly converters: RawConfig;
  readonly topicCreation: boolean;
  readonly exactlyOnce: boolean;
  readonly overridePolicy: OverridePolicy;
  /** The log's check of `producer.override.*`; null where it has no producer. */
  readonly checkOverrides: OverrideCheck | null;
  /** The log's check of a sink's `consumer.override.*`; null where it has no consumer client. */
  readonly checkConsumerOverrides: ConsumerOverrideCheck | null;
};

/** Replaces placeholders; faults and warnings by option. */
export type PlaceholderResolver = (raw: RawConfig) => Promise<{
  readonly config: RawConfig;
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
}>;

/** What resolving a connector's config needs. */
export type ConnectorResolving = {
  readonly registry: PluginRegistry;
  readonly defaults: WorkerDefaults;
  readonly placeholders: PlaceholderResolver;
  /** For transforms, which are compiled as they are checked. */
  context(connector: string): PluginContext;
  /** All connectors that are known by now, for options that name others. Left out: none are. */
  others?(): readonly KnownConnector[];
};

/** How a task's faults that heal by themselves are retried. */
export type RetrySettings = {
  /** `errors.max.retries`; null: without end. */
  readonly attemptsMax: number | null;
  /** `retriable.restart.connector.wait.ms` of a source, `errors.retry.delay.max.ms` of a sink: the longest pause. */
  readonly delayMsMax: number;
};

/** What the engine gives a task. */
export type TaskServices = {
  readonly log: EventLog;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly observer: SinkTaskObserver;
  readonly pause: Pause;
  readonly random: () => number;
};

/** A source or sink that is only looked at; a source may look at its database's log. */
export type CheckedPlugin = AsyncDisposable & MeasuredSource & { check(abort: AbortSignal): Promise<readonly CheckResult[]> };

/** Which of the two a connector is. */
export type ConnectorType = 'source' | 'sink';

/** A valid connector, ready to make its tasks. Holds resolved secrets: never print it. */
export type ConnectorPlan = {
  readonly name: string;
  readonly type: ConnectorType;
  /** How many tasks it runs; every source here is one task. */
  readonly tasks: number;
  readonly retry: RetrySettings;
  /** A source or sink without a task, for preflight checks. Its user disposes of it. */
  createPlugin(context: PluginContext): CheckedPlugin;
  /** Of a source that can tell: what it would capture now. */
  captured?(abort: AbortSignal): Promise<readonly CapturedTable[]>;
  createTask(task: number, services: TaskServices): TaskPlan;
  /** What is asked of a sink's connector as a whole; null of a source. */
  readonly sink: SinkPlan | null;
  /** The same of a source; left out of a sink. */
  readonly source?: SourcePlan;
};

/** A config that was looked at: all that is wrong with it, and, where nothing is, the plan. */
export type ResolvedConnector = {
  /** The class as it is known, whatever short name the config used. */
  readonly class: string;
  readonly type: ConnectorType;
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
  /** For `validate`: common options first, then transforms, the class's own, converters. Values as they may be shown. */
  readonly states: readonly OptionState[];
  isPassword(name: string): boolean;
  readonly plan: ConnectorPlan | null;
};

/** A resolved connector with faults that were found later: it has no plan. */
export function withFaults(resolved: ResolvedConnector, faults: readonly ConfigFault[]): ResolvedConnector {
  const of = (name: string) => faults.filter(({ option }) => option === name).map(({ message }) => message);
  return {
    ...resolved,
    faults: [...resolved.faults, ...faults],
    states: resolved.states.map(state => ({ ...state, errors: [...state.errors, ...of(state.name)] })),
    plan: null,
  };
}
