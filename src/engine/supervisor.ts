import {
  crashPoint,
  type EventLog,
  type PluginListing,
  type PluginRegistry,
  type RawConfig,
  SluiceError,
  type SourceOffset,
  type TargetState,
} from '../contract/index.ts';
import type { ConnectorResolving, ResolvedConnector } from './connector-config.ts';
import { invalidConfig } from './connector-faults.ts';
import { managedByFile } from './connector-options.ts';
import { resolveSubmission, type SubmittedConfig, unmaskSubmission } from './connector-submission.ts';
import { SupervisedConnector, type Worker } from './supervisor-connector.ts';
import { type FileConnector, loadConnectors } from './supervisor-loading.ts';
import { NameLocks } from './supervisor-locks.ts';
import type { SupervisorSettings } from './supervisor-settings.ts';
import {
  type ConnectorInfo,
  type ConnectorProgress,
  type ConnectorStatus,
  restartingStatus,
  type TaskStatus,
} from './supervisor-states.ts';
import { StatePublisher } from './supervisor-store.ts';

export type RestartRequest = { readonly includeTasks: boolean; readonly onlyFailed: boolean };

type Started = { readonly worker: Worker; readonly log: EventLog; readonly publisher: StatePublisher };

/**
 * Owns the connectors and their tasks: Connect's Herder. Everything that REST and the command line do to connectors goes through here.
 * A connector that a file of the worker holds is its file's: REST may pause, stop, restart and read it, but changing or deleting it is refused
 * (CONFLICT), since the next start would undo it. Whether a connector is its file's is kept in its stored config, so that one whose file
 * is gone goes with it at the next start; its offsets stay.
 */
export class Supervisor {
  readonly #settings: SupervisorSettings;
  readonly #connectors = new Map<string, SupervisedConnector>();
  readonly #locks = new NameLocks();
  readonly #versions: ReadonlyMap<string, string>;
  readonly #ended = new AbortController();
  #started: Started | null = null;

  constructor(settings: SupervisorSettings) {
    this.#settings = settings;
    this.#versions = new Map(settings.registry.list().map(listing => [listing.class, listing.version]));
  }

  /** Whether connectors are loaded and calls about them can be answered. */
  get ready(): boolean {
    return this.#started !== null && !this.ending;
  }

  /** Whether it is being stopped, or has been. */
  get ending(): boolean {
    return this.#ended.signal.aborted;
  }

  get plugins(): readonly PluginListing[] {
    return this.#settings.registry.list();
  }

  get registry(): PluginRegistry {
    return this.#settings.registry;
  }

  /** Loads the stored connectors and those of files, and starts them in the background. The log stays its opener's. */
  async start(log: EventLog, files: readonly FileConnector[]): Promise<void> {
    const settings = this.#settings;
    const publisher = new StatePublisher(log.connectors, settings.logger);
    const { runTask, pause, random, clock, taskStopMsMax } = settings;
    const worker: Worker = {
      log,
      publisher,
      resolving: this.#resolving,
      runTask,
      pause,
      random,
      clock,
      taskStopMsMax,
      logger: settings.connectorLogger,
      workerId: settings.workerId,
      versionOf: className => this.#versions.get(className) ?? 'undefined',
    };
    for (const { name, config, targetState } of await loadConnectors(log.connectors, files, settings.logger)) {
      await publisher.load(name);
      this.#connectors.set(name, this.#make(worker, name, config, targetState));
    }
    this.#started = { worker, log, publisher };
    for (const connector of this.#connectors.values()) this.#apply(connector, () => connector.apply());
  }

  /** Ends all tasks cleanly, in the bound of `taskStopMsMax`, and what looks at databases. Connectors keep their target states. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await Promise.all([...this.#connectors.values()].map(connector => connector.end()));
    await this.#started?.publisher.drained();
  }

  names(): readonly string[] {
    return [...this.#connectors.keys()].sort();
  }

  info(name: string): ConnectorInfo {
    return this.#connector(name).info();
  }

  status(name: string): ConnectorStatus {
    return this.#connector(name, `No status found for connector ${name}`).status();
  }

  taskStatus(name: string, task: number): TaskStatus {
    const status = this.#connectors
      .get(name)
      ?.status()
      .tasks.find(({ id }) => id === task);
    if (status === undefined) throw new SluiceError('NOT_FOUND', `No status found for task ${name}-${task}`);
    return status;
  }

  progress(name: string): ConnectorProgress {
    return this.#connector(name).progress();
  }

  /** The config its tasks run with, a row a task, as it may be shown. */
  taskConfigs(name: string): readonly { readonly id: { readonly connector: string; readonly task: number }; readonly config: RawConfig }[] {
    const connector = this.#connector(name);
    return connector.tasks.map(({ id }) => ({ id: { connector: name, task: id }, config: connector.taskConfig() }));
  }

  /** Looks at a config without storing it. A mask that comes back means the stored connector's secret. */
  async validate(config: SubmittedConfig): Promise<ResolvedConnector> {
    const stored = config['name'] ? (this.#connectors.get(config['name']) ?? null) : null;
    return this.#resolve(await this.#unmask(config, stored));
  }

  /**
   * Creates a connector, or where `replace` allows it changes one. Answers when the config is valid and stored; tasks start in the background.
   * Rejects with BAD_REQUEST that lists all faults, or CONFLICT.
   */
  async put(
    name: string,
    config: SubmittedConfig,
    options: { readonly replace: boolean; readonly initialState?: TargetState },
  ): Promise<{ readonly created: boolean; readonly info: ConnectorInfo; readonly warnings: readonly string[] }> {
    return this.#locks.run(name, async () => {
      const existing = this.#connectors.get(name) ?? null;
      if (existing !== null && !options.replace) throw new SluiceError('CONFLICT', `Connector ${name} already exists`);
      const { connector, warnings } = await this.#put(name, existing, config, options.initialState ?? 'STARTED');
      return { created: existing === null, info: connector.info(), warnings };
    });
  }

  /** Changes some options; null removes one (KIP-477). */
  async patch(name: string, patch: SubmittedConfig): Promise<{ readonly info: ConnectorInfo; readonly warnings: readonly string[] }> {
    return this.#locks.run(name, async () => {
      const existing = this.#connector(name);
      const config: Record<string, string | null> = { ...existing.config, ...(await this.#unmask(patch, existing)) };
      for (const [option, value] of Object.entries(patch)) if (value === null) delete config[option];
      const { connector, warnings } = await this.#put(name, existing, config, existing.target);
      return { info: connector.info(), warnings };
    });
  }

  async delete(name: string): Promise<void> {
    await this.#locks.run(name, async () => {
      const connector = this.#connector(name);
      this.#refuseFile(connector);
      const { worker, log, publisher } = this.#running;
      await connector.end();
      // What the tasks said last is stored first, so that it goes with the rest.
      await publisher.drained();
      crashPoint('connector-ended');
      try {
        await log.connectors.remove(name);
        crashPoint('connector-removed');
      } catch (error) {
        const again = this.#make(worker, name, connector.config, connector.target);
        this.#connectors.set(name, again);
        this.#apply(again, () => again.apply());
        throw error;
      }
      this.#connectors.delete(name);
      publisher.forget(name);
    });
  }

  /** Stores the target state; the tasks follow in the background. */
  async setTarget(name: string, target: TargetState): Promise<void> {
    await this.#locks.run(name, async () => {
      const connector = this.#connector(name, `Unknown connector ${name}`);
      await this.#running.log.connectors.putTargetState(name, target);
      crashPoint('target-stored');
      this.#apply(connector, () => connector.setTarget(target));
    });
  }

  /** Restarts in the background; answers the status with RESTARTING where it will be. */
  async restart(name: string, { includeTasks, onlyFailed }: RestartRequest): Promise<ConnectorStatus> {
    const connector = this.#connector(name, `Unknown connector: ${name}`);
    const status = connector.status();
    const whole = !onlyFailed || status.connector.state === 'FAILED';
    const tasks = new Set(status.tasks.filter(({ state }) => includeTasks && (!onlyFailed || state === 'FAILED')).map(({ id }) => id));
    this.#apply(connector, () => connector.restart(whole, task => tasks.has(task.id)));
    return restartingStatus(status, whole, tasks);
  }

  async restartTask(name: string, task: number): Promise<void> {
    await this.#locks.run(name, async () => {
      const connector = this.#connector(name, `Unknown connector: ${name}`);
      if (!connector.tasks.some(({ id }) => id === task)) throw new SluiceError('NOT_FOUND', `Unknown task: ${name}-${task}`);
      await connector.restartTask(task);
    });
  }

  activeTopics(name: string): readonly string[] {
    return this.#running.publisher.activeTopics(name);
  }

  async resetTopics(name: string): Promise<void> {
    await this.#running.publisher.resetTopics(name);
  }

  async offsets(name: string): Promise<readonly SourceOffset[]> {
    this.#connector(name);
    return this.#running.log.connectors.offsets(name);
  }

  /** Replaces the offsets of some partitions; null deletes one. Only where the connector is stopped. */
  async alterOffsets(name: string, offsets: readonly SourceOffset[]): Promise<void> {
    await this.#locks.run(name, async () => {
      this.#refuseUnlessStopped(name);
      await this.#running.log.connectors.alterOffsets(name, offsets);
      crashPoint('offsets-altered');
    });
  }

  async resetOffsets(name: string): Promise<void> {
    await this.#locks.run(name, async () => {
      this.#refuseUnlessStopped(name);
      const { connectors } = this.#running.log;
      const partitions = (await connectors.offsets(name)).map(({ partition }) => ({ partition, offset: null }));
      if (partitions.length > 0) await connectors.alterOffsets(name, partitions);
    });
  }

  async clusterId(): Promise<string> {
    return this.#running.log.clusterId();
  }

  get #running(): Started {
    if (this.#started === null || this.ending)
      throw new SluiceError('UNAVAILABLE', this.ending ? 'Worker is shutting down' : 'Worker is still starting up.');
    return this.#started;
  }

  get #resolving(): ConnectorResolving {
    const { registry, defaults, placeholders, clock, connectorLogger } = this.#settings;
    return { registry, defaults, placeholders, context: connector => ({ connector, task: 0, logger: connectorLogger(connector), clock }) };
  }

  #make(worker: Worker, name: string, stored: RawConfig, targetState: TargetState): SupervisedConnector {
    const { [managedByFile]: file, ...config } = stored;
    const connector = new SupervisedConnector(worker, { name, config, targetState });
    connector.file = file ?? null;
    return connector;
  }

  #connector(name: string, missing = `Connector ${name} not found`): SupervisedConnector {
    const connector = this.#connectors.get(name);
    if (connector === undefined) throw new SluiceError('NOT_FOUND', missing);
    return connector;
  }

  /** Stores a config that is valid, within the connector's lock; its tasks follow in the background. */
  async #put(
    name: string,
    existing: SupervisedConnector | null,
    config: SubmittedConfig,
    initialState: TargetState,
  ): Promise<{ readonly connector: SupervisedConnector; readonly warnings: readonly string[] }> {
    const { worker, log, publisher } = this.#running;
    if (existing !== null) this.#refuseFile(existing);
    if (config[managedByFile] !== undefined)
      throw new SluiceError('BAD_REQUEST', `'${managedByFile}' is the worker's own mark and cannot be given.`);
    const given = await this.#unmask(config, existing);
    const resolved = await this.#resolve(given);
    if (resolved.faults.length > 0) throw invalidConfig(resolved);
    const valid = given as RawConfig;
    if (existing === null) {
      await publisher.load(name);
      await log.connectors.putConfig(name, valid, initialState);
    } else await log.connectors.putConfig(name, valid);
    crashPoint('config-stored');
    const connector = existing ?? this.#make(worker, name, valid, initialState);
    connector.adopt(valid, resolved);
    this.#connectors.set(name, connector);
    this.#apply(connector, () => (existing === null ? connector.apply() : connector.reconfigure()));
    return { connector, warnings: resolved.warnings.map(({ message }) => message) };
  }

  #unmask(config: SubmittedConfig, existing: SupervisedConnector | null): Promise<SubmittedConfig> {
    return unmaskSubmission(config, existing?.config ?? null, this.#settings.registry);
  }

  #resolve(config: SubmittedConfig): Promise<ResolvedConnector> {
    return resolveSubmission(config, this.#resolving, this.#ended.signal);
  }

  #refuseFile({ name, file }: SupervisedConnector): void {
    if (file !== null)
      throw new SluiceError('CONFLICT', `Connector ${name} is held by the worker's file ${file}: change it there and restart the worker.`);
  }

  #refuseUnlessStopped(name: string): void {
    const { target, tasks } = this.#connector(name);
    if (target !== 'STOPPED' || tasks.length > 0)
      throw new SluiceError(
        'BAD_REQUEST',
        `Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/${name}/stop' endpoint`,
      );
  }

  /** Does something to a connector after what is already under way, unless it is gone by then; nobody waits for it. */
  #apply(connector: SupervisedConnector, action: () => Promise<void>): void {
    const { name } = connector;
    void this.#locks
      .follow(name, async () => {
        if (!this.ending && this.#connectors.get(name) === connector) await action();
      })
      .catch((error: unknown) =>
        this.#settings.logger.error({ connector: name, err: error }, 'A change of the connector could not be carried out.'),
      );
  }
}
