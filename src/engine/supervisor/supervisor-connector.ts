import type { Clock, Logger } from '../../contract/index.ts';
import { type EventLog, type RawConfig, SluiceError, type StoredConnector, type TargetState } from '../../contract/index.ts';
import { resolveConnector } from '../connector/connector-config.ts';
import { observeDatabase, observeLag } from '../connector/connector-observation.ts';
import { managedByFile, managedByWorker } from '../connector/connector-options.ts';
import type { CheckedPlugin, ConnectorPlan, ConnectorResolving, ConnectorType, ResolvedConnector } from '../connector/connector-plan.ts';
import { shownConfig } from '../connector/connector-secrets.ts';
import { ConnectorWatch } from '../connector/connector-watch.ts';
import type { SinkPlan } from '../sink/sink-plan.ts';
import type { SourcePlan } from '../source/source-plan.ts';
import type { RunTask } from '../task.ts';
import { againstFaults } from '../verification/against.ts';
import type { Pause } from './supervisor-back-off.ts';
import { type ConnectorInfo, type ConnectorProgress, type ConnectorStatus, type RunState, traceOfThrown } from './supervisor-states.ts';
import type { StatePublisher } from './supervisor-store.ts';
import { SupervisedTask } from './supervisor-task.ts';

/** What all connectors of a worker share. */
export type Worker = {
  readonly log: EventLog;
  readonly publisher: StatePublisher;
  readonly resolving: ConnectorResolving;
  readonly runTask: RunTask;
  readonly pause: Pause;
  readonly random: () => number;
  readonly clock: Clock;
  logger(connector: string): Logger;
  workerId(): string;
  versionOf(className: string): string;
  readonly taskStopMsMax: number;
  /** A task of the connector has been fenced: it is another worker's now. */
  onFenced(connector: string): void;
  /** What runs beside a connector's tasks: hears when they have been started, and before they end. */
  readonly beside: { started(connector: string): void; stopping(connector: string): Promise<void> };
};

/** One connector and its tasks. Its user lets one call end before the next begins (`NameLocks`), but for `end`. */
export class SupervisedConnector {
  readonly name: string;
  /** The file that holds it; null for one made by REST. */
  file: string | null = null;
  /** The worker that has the file, where several share the connectors. */
  fileWorker: string | null = null;
  readonly #worker: Worker;
  readonly #logger: Logger;
  #config: RawConfig;
  /** The config its tasks were made from. */
  #applied: RawConfig = {};
  #target: TargetState;
  #state: RunState = 'UNASSIGNED';
  #trace: string | null = null;
  #resolved: ResolvedConnector | null = null;
  #tasks: readonly SupervisedTask[] = [];
  /** Nothing is started any more, not by a call that is under way either. */
  #ended = false;
  /** How far it is behind, and how long its database keeps its place; also while nothing runs. */
  readonly watch: ConnectorWatch;

  constructor(worker: Worker, stored: StoredConnector) {
    this.#worker = worker;
    this.name = stored.name;
    this.#config = stored.config;
    this.#target = stored.targetState;
    this.#logger = worker.logger(stored.name);
    const { log, resolving } = worker;
    const looked = { plan: () => this.#resolved?.plan ?? null, tasks: () => this.#tasks };
    const context = resolving.context(stored.name);
    this.watch = new ConnectorWatch({ connector: stored.name, log, logger: this.#logger, context, ...looked });
  }

  get config(): RawConfig {
    return this.#config;
  }

  /** As it is stored, with the marks of its file. */
  get stored(): StoredConnector {
    const marks = {
      ...(this.file !== null && { [managedByFile]: this.file }),
      ...(this.fileWorker !== null && { [managedByWorker]: this.fileWorker }),
    };
    return { name: this.name, config: { ...this.#config, ...marks }, targetState: this.#target };
  }

  get target(): TargetState {
    return this.#target;
  }

  get tasks(): readonly SupervisedTask[] {
    return this.#tasks;
  }

  isPassword = (option: string): boolean => this.#resolved?.isPassword(option) ?? false;

  /** Brings the tasks to what the target state says, from the config as it is. */
  async apply(as: 'UNASSIGNED' | 'RESTARTING' = 'UNASSIGNED'): Promise<void> {
    await this.#worker.beside.stopping(this.name);
    if (this.#target === 'STOPPED') {
      await this.#stopTasks('UNASSIGNED');
      if (this.#ended) return;
      this.#tasks = [];
      // What it is, and its group, is known also of one that does not start.
      this.#resolved ??= await resolveConnector(this.#config, this.#worker.resolving).catch(() => null);
      this.#setState('STOPPED', null);
      return;
    }
    this.#applied = this.#config;
    const plan = await this.#resolve();
    if (this.#ended) return;
    if (plan === null) {
      // As in Connect, a connector that cannot start has no say over the tasks it once made; ours are ended, since they run an old config.
      await this.#stopTasks('UNASSIGNED');
      this.#tasks = [];
      return;
    }
    const paused = this.#target === 'PAUSED';
    await this.#stopTasks(paused ? 'PAUSED' : as);
    if (this.#ended) return;
    this.#tasks = Array.from({ length: plan.tasks }, (_, task) => this.#newTask(plan, task));
    this.#setState(paused ? 'PAUSED' : 'RUNNING', null);
    for (const task of this.#tasks) {
      if (paused) await task.stop('PAUSED', 0);
      else task.start(as);
    }
    if (!paused) this.#worker.beside.started(this.name);
  }

  /** Goes over to the config it was given by `adopt`. Tasks start anew where it differs, or where one of them does not run. */
  async reconfigure(): Promise<void> {
    const same = sameConfig(this.#config, this.#applied) && this.#state === 'RUNNING' && this.#tasks.every(task => task.running);
    if (!same || this.#target !== 'STARTED') await this.apply();
  }

  /** Takes a config that is valid and stored, with the marks it is stored with; `apply` or `reconfigure` makes the tasks follow. */
  adopt(config: RawConfig, resolved: ResolvedConnector, marks: RawConfig = {}): void {
    [this.#config, this.#resolved] = [config, resolved];
    [this.file, this.fileWorker] = [marks[managedByFile] ?? null, marks[managedByWorker] ?? null];
  }

  /** Goes over to what another worker has stored. */
  async follow({ config, targetState }: StoredConnector): Promise<void> {
    if (sameConfig(config, this.#config) && targetState === this.#target) return;
    [this.#config, this.#target] = [config, targetState];
    await this.apply();
  }

  async setTarget(target: TargetState): Promise<void> {
    if (this.#target === target && this.#state !== 'FAILED') return;
    this.#target = target;
    await this.apply();
  }

  /** Restarts the connector and those of its tasks that are asked for. */
  async restart(connector: boolean, tasks: (task: SupervisedTask) => boolean): Promise<void> {
    if (this.#target !== 'STARTED') return;
    if (connector && (this.#state === 'FAILED' || this.#tasks.length === 0)) return this.apply('RESTARTING');
    if (connector) {
      const plan = await this.#resolve();
      if (plan === null || this.#ended) return;
      this.#setState('RUNNING', null);
    }
    for (const task of this.#tasks.filter(tasks)) await this.#restartTask(task);
  }

  /** Throws NOT_FOUND. */
  async restartTask(id: number): Promise<void> {
    const task = this.#tasks.find(candidate => candidate.id === id);
    if (task === undefined) throw new SluiceError('NOT_FOUND', `Unknown task: ${this.name}-${id}`);
    if (this.#target === 'STARTED') await this.#restartTask(task);
  }

  /** Starts what of it has FAILED, as when what it reads is there only now; what has looked already and fails of it yet is tried again, too. */
  async revive(): Promise<void> {
    for (const task of this.#tasks) task.tryAgain();
    await this.restart(this.#state === 'FAILED', ({ state }) => state === 'FAILED');
  }

  /** Ends the tasks, for good; may be called while another call is under way. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#worker.beside.stopping(this.name);
    await this.#stopTasks('UNASSIGNED');
    this.#setState('UNASSIGNED', null);
  }

  status(): ConnectorStatus {
    const { workerId, versionOf } = this.#worker;
    const common = { worker_id: workerId(), version: versionOf(this.#className) };
    const state = (run: RunState, trace: string | null) => ({ state: run, worker_id: common.worker_id, ...(trace !== null && { trace }) });
    return {
      name: this.name,
      connector: { ...state(this.#state, this.#trace), version: common.version },
      tasks: this.#tasks.map(task => ({ id: task.id, ...state(task.state, task.trace), version: common.version })),
      type: this.type,
    };
  }

  info(): ConnectorInfo {
    return {
      name: this.name,
      config: this.shownConfig(),
      tasks: this.#tasks.map(({ id: task }) => ({ connector: this.name, task })),
      type: this.type,
    };
  }

  shownConfig(): RawConfig {
    return shownConfig(this.#config, this.isPassword);
  }

  /** What a task runs with, as Connect shows it: the config and the task's class, by Debezium's names of them. */
  taskConfig(): RawConfig {
    return { ...this.shownConfig(), 'task.class': `${this.#className}Task` };
  }

  /** A source or sink of its config, without a task; null where that is not valid. The caller disposes of it. */
  createBeside(): CheckedPlugin | null {
    return this.#resolved?.plan?.createPlugin(this.#worker.resolving.context(this.name)) ?? null;
  }

  progress(): ConnectorProgress {
    return {
      name: this.name,
      class: this.#className,
      target_state: this.#target,
      state: this.#state,
      trace: this.#trace,
      file: this.file,
      warnings: [...this.configWarnings, ...(this.watch.database?.warnings ?? [])],
      lag: observeLag(this.watch, this.#worker.clock.nowMs()),
      database: observeDatabase(this.watch),
      tasks: this.#tasks.map(task => task.progress()),
    };
  }

  /** What is odd about its config, beside the other connectors as they are now. */
  get configWarnings(): readonly string[] {
    const against = this.source?.schedule?.against ?? [];
    const { sources, missing } = againstFaults(this.name, against, this.#worker.resolving.others?.() ?? []);
    return [...(this.#resolved?.warnings.map(({ message }) => message) ?? []), ...sources, ...missing];
  }

  get #className(): string {
    return this.#resolved?.class ?? this.#config['connector.class'] ?? '';
  }

  get type(): ConnectorType | 'unknown' {
    return this.#resolved?.type ?? 'unknown';
  }

  /** Whether its config has been looked at since this worker knows it. */
  get isResolved(): boolean {
    return this.#resolved !== null || this.#state === 'FAILED';
  }

  /** What is asked of a sink as a whole; null of a source, and where the config is not valid. */
  get sink(): SinkPlan | null {
    return this.#resolved?.plan?.sink ?? null;
  }

  /** What is asked of a source as a whole; null of a sink, and where the config is not valid. */
  get source(): SourcePlan | null {
    return this.#resolved?.plan?.source ?? null;
  }

  /** The consumer group of a sink. */
  get group(): string {
    return this.sink?.group ?? this.#config['consumer.override.group.id'] ?? `connect-${this.name}`;
  }

  /** The plan of the config as it is now, placeholders looked up again; null, and FAILED, where it is not valid. */
  async #resolve(): Promise<ConnectorPlan | null> {
    try {
      const resolved = await resolveConnector(this.#config, this.#worker.resolving);
      this.#resolved = resolved;
      for (const { message } of resolved.warnings) this.#logger.warn({}, message);
      if (resolved.plan !== null) return resolved.plan;
      const listed = resolved.faults.map(({ message }) => message).join('\n');
      throw new SluiceError('CONFIG_INVALID', `The configuration of connector ${this.name} is invalid:\n${listed}`);
    } catch (error) {
      if (this.#ended) return null;
      this.#setState('FAILED', traceOfThrown(error));
      this.#logger.error({ err: error }, `The connector cannot start: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }

  #newTask(plan: ConnectorPlan, id: number): SupervisedTask {
    const { log, publisher, runTask, pause, random, clock } = this.#worker;
    const logger = this.#logger.child({ task: id });
    const task: SupervisedTask = new SupervisedTask(id, plan.retry, {
      run: runTask,
      pause,
      random,
      clock,
      logger,
      onState: () => {
        publisher.state(this.name, id, task.state, task.trace);
        if (task.fenced) this.#worker.onFenced(this.name);
      },
      onTopics: topics => publisher.topics(this.name, topics),
      makePlan: observer => plan.createTask(id, { log, logger, clock, observer, pause, random }),
    });
    return task;
  }

  async #restartTask(task: SupervisedTask): Promise<void> {
    await task.stop('RESTARTING', this.#worker.taskStopMsMax);
    const plan = await this.#resolve();
    if (plan === null || this.#ended) return;
    const fresh = this.#newTask(plan, task.id);
    this.#tasks = this.#tasks.map(other => (other === task ? fresh : other));
    fresh.start('RESTARTING');
  }

  async #stopTasks(as: RunState): Promise<void> {
    await Promise.all(this.#tasks.map(task => task.stop(as, this.#worker.taskStopMsMax)));
  }

  #setState(state: RunState, trace: string | null): void {
    this.#state = state;
    this.#trace = trace;
    this.#worker.publisher.state(this.name, null, state, trace);
  }
}

/** Whether two configs say the same, in whatever order. */
export function sameConfig(a: RawConfig, b: RawConfig): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name]);
}
