import {
  crashPoint,
  type EventLog,
  type PluginListing,
  type PluginRegistry,
  type RawConfig,
  SluiceError,
  type TargetState,
} from '../../contract/index.ts';
import { invalidConfig } from '../connector/connector-faults.ts';
import { managedByFile, managedByWorker } from '../connector/connector-options.ts';
import type { ConnectorResolving, ResolvedConnector } from '../connector/connector-plan.ts';
import { resolveSubmission, type SubmittedConfig, unmaskSubmission } from '../connector/connector-submission.ts';
import { Replays } from '../replay/replays.ts';
import { KeySearches } from '../sink/key-searches.ts';
import { ScheduledVerifications } from '../verification/scheduled-verifications.ts';
import { Verifications } from '../verification/verifications.ts';
import type { SupervisedConnector, Worker } from './supervisor-connector.ts';
import { SupervisedConnectors } from './supervisor-connectors.ts';
import { DeadLetters } from './supervisor-dead-letters.ts';
import { GroupMembership } from './supervisor-group.ts';
import { type FileConnector, fileMarks, loadConnectors, refuseHeld } from './supervisor-loading.ts';
import { ConnectorOffsets } from './supervisor-offsets.ts';
import { type Running, runningOf } from './supervisor-running.ts';
import type { SupervisorSettings } from './supervisor-settings.ts';
import { SharedConnectors } from './supervisor-shared.ts';
import { OnDemandSnapshots } from './supervisor-snapshots.ts';
import { type ConnectorInfo, type ConnectorProgress, type ConnectorStatus, restartingStatus } from './supervisor-states.ts';
import { StatePublisher } from './supervisor-store.ts';
import { type Waited, type WaitRequest, waitForSink } from './supervisor-wait.ts';
import { Watching } from './supervisor-watch.ts';

export type RestartRequest = { readonly includeTasks: boolean; readonly onlyFailed: boolean };

type Started = {
  readonly log: EventLog;
  readonly publisher: StatePublisher;
  readonly connectors: SupervisedConnectors;
  /** null where this worker runs all connectors alone. */
  readonly group: GroupMembership | null;
};

/**
 * Owns the connectors and their tasks: Connect's Herder. Everything that REST and the command line do to connectors goes through here.
 * A connector that a file of the worker holds is its file's: REST may pause, stop, restart and read it, but changing or deleting it is refused
 * (CONFLICT), since the next start would undo it. Whether a connector is its file's is kept in its stored config, so that one whose file
 * is gone goes with it at the next start; its offsets stay.
 */
export class Supervisor {
  readonly #settings: SupervisorSettings;
  readonly #versions: ReadonlyMap<string, string>;
  readonly #ended = new AbortController();
  #started: Started | null = null;
  readonly #subjects: Running;
  readonly #searches = new KeySearches();
  readonly offsets: ConnectorOffsets;
  readonly deadLetters: DeadLetters;
  readonly replays: Replays;
  readonly verifications: Verifications;
  readonly snapshots: OnDemandSnapshots;
  readonly watching: Watching;

  constructor(settings: SupervisorSettings) {
    this.#settings = settings;
    this.#versions = new Map(settings.registry.list().map(listing => [listing.class, listing.version]));
    this.#subjects = runningOf(
      () => this.#running,
      (name, missing) => this.#connector(name, missing),
    );
    this.offsets = new ConnectorOffsets(this.#subjects, name => this.#resolving.context(name), this.#ended.signal);
    const services = (connector: string) => {
      const context = this.#resolving.context(connector);
      return { ...settings, logger: context.logger, context };
    };
    this.snapshots = new OnDemandSnapshots(this.#subjects);
    this.deadLetters = new DeadLetters(this.#subjects, services, this.#ended.signal);
    this.replays = new Replays(this.#subjects, services, this.#ended.signal);
    this.verifications = new Verifications(this.#subjects, services, (name, request) => this.wait(name, request), this.#ended.signal);
    this.watching = new Watching(this.#subjects, settings, source => this.verifications.outcomes(source), this.#ended.signal);
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
    const { logger } = settings;
    const { workerGroup } = log;
    const worker: Worker = {
      ...settings,
      log,
      publisher,
      resolving: this.#resolving,
      logger: settings.connectorLogger,
      versionOf: this.#versionOf,
      onFenced: connector => group?.letGo(connector),
      beside: this.replays,
    };
    const connectors = new SupervisedConnectors(worker, logger, { shared: workerGroup !== null, ended: this.#ended.signal });
    const group = workerGroup === null ? null : new GroupMembership(workerGroup, connectors, logger);
    for (const stored of await loadConnectors(log.connectors, files, logger, workerGroup?.worker.id ?? null)) await connectors.add(stored);
    this.#started = { log, publisher, connectors, group };
    this.watching.start();
    new ScheduledVerifications(this.#subjects, this.verifications, worker, this.#ended.signal).start();
    if (group === null) connectors.start();
    // Before the group has answered only where a second owner would fence the first.
    else group.join(settings.defaults.exactlyOnce);
  }

  /** Ends all tasks cleanly, in the bound of `taskStopMsMax`, and what looks at databases; then others may have them. Target states stay. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await Promise.all([this.#started?.connectors.end(), this.verifications.drained()]);
    await this.#started?.publisher.drained();
    await this.#started?.group?.leave();
  }

  /** The group of workers this one belongs to; null where it runs all connectors alone. */
  get group(): GroupMembership | null {
    return this.#started?.group ?? null;
  }

  /** Connectors of all workers, as any of them may show them. */
  async shared(): Promise<SharedConnectors> {
    const { log, connectors } = this.#running;
    const foreign = connectors.names().some(name => !connectors.owns(name));
    const states = foreign && log.workerGroup !== null ? await log.workerGroup.states() : new Map<string, never>();
    return new SharedConnectors(connectors, this.registry, states, this.#versionOf);
  }

  names(): readonly string[] {
    return this.#started?.connectors.names() ?? [];
  }

  /** Brings what is known of all connectors up to what is stored. */
  async refresh(): Promise<void> {
    await this.#running.connectors.refresh();
  }

  /** Whether a connector is this worker's to run. */
  owns(name: string): boolean {
    return this.#started?.connectors.owns(name) ?? false;
  }

  info(name: string): ConnectorInfo {
    return this.#connector(name).info();
  }

  status(name: string): ConnectorStatus {
    return this.#connector(name, `No status found for connector ${name}`).status();
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
    const stored = config['name'] ? (this.#started?.connectors.get(config['name']) ?? null) : null;
    return this.#resolve(await this.#unmask(config, stored));
  }

  /**
   * Creates a connector, or where `replace` allows it changes one. Answers when the config is valid and stored; tasks start in the background.
   * Rejects with BAD_REQUEST that lists all faults, or CONFLICT. `file`: it is this file's, and from now on held by it.
   */
  async put(
    name: string,
    config: SubmittedConfig,
    options: { readonly replace: boolean; readonly initialState?: TargetState; readonly file?: string | null },
  ): Promise<{ readonly created: boolean; readonly info: ConnectorInfo; readonly warnings: readonly string[] }> {
    return this.#running.connectors.run(name, async () => {
      const existing = this.#running.connectors.get(name);
      if (existing !== null && !options.replace) throw new SluiceError('CONFLICT', `Connector ${name} already exists`);
      const { connector, warnings } = await this.#put(name, existing, config, options.initialState ?? 'STARTED', options.file ?? null);
      return { created: existing === null, info: connector.info(), warnings };
    });
  }

  /** Changes some options; null removes one (KIP-477). */
  async patch(name: string, patch: SubmittedConfig): Promise<{ readonly info: ConnectorInfo; readonly warnings: readonly string[] }> {
    return this.#running.connectors.run(name, async () => {
      const existing = this.#connector(name);
      const config: Record<string, string | null> = { ...existing.config, ...(await this.#unmask(patch, existing)) };
      for (const [option, value] of Object.entries(patch)) if (value === null) delete config[option];
      const { connector, warnings } = await this.#put(name, existing, config, existing.target);
      return { info: connector.info(), warnings };
    });
  }

  /** Resolves when what was asked of a connector before has been carried out: the tasks that are there are those of its config. */
  async settled(name: string): Promise<void> {
    await this.#running.connectors.run(name, async () => {});
  }

  /** `held`: also one that a file holds, which does not hold it any more. */
  async delete(name: string, held = false): Promise<void> {
    await this.#running.connectors.run(name, async () => {
      const connector = this.#connector(name);
      if (!held) refuseHeld(connector, this.#isThere);
      const { log, publisher, connectors } = this.#running;
      await connector.end();
      await this.replays.forget(name);
      // What the tasks said last is stored first, so that it goes with the rest.
      await publisher.drained();
      crashPoint('connector-ended');
      try {
        await log.connectors.remove(name);
        crashPoint('connector-removed');
      } catch (error) {
        const again = await connectors.add(connector.stored);
        connectors.apply(again, () => again.apply());
        throw error;
      }
      connectors.remove(name);
    });
  }

  /** Stores the target state; the tasks follow in the background. */
  async setTarget(name: string, target: TargetState): Promise<void> {
    await this.#running.connectors.run(name, async () => {
      const connector = this.#connector(name, `Unknown connector ${name}`);
      await this.#running.log.connectors.putTargetState(name, target);
      crashPoint('target-stored');
      this.#running.connectors.apply(connector, () => connector.setTarget(target));
    });
  }

  /** Restarts in the background; answers the status with RESTARTING where it will be. */
  async restart(name: string, { includeTasks, onlyFailed }: RestartRequest): Promise<ConnectorStatus> {
    const connector = this.#connector(name, `Unknown connector: ${name}`);
    const status = connector.status();
    const whole = !onlyFailed || status.connector.state === 'FAILED';
    const tasks = new Set(status.tasks.filter(({ state }) => includeTasks && (!onlyFailed || state === 'FAILED')).map(({ id }) => id));
    this.#running.connectors.apply(connector, () => connector.restart(whole, task => tasks.has(task.id)));
    return restartingStatus(status, whole, tasks);
  }

  async restartTask(name: string, task: number): Promise<void> {
    await this.#running.connectors.run(name, () => this.#connector(name, `Unknown connector: ${name}`).restartTask(task));
  }

  /** What it reads is there only now: see SupervisedConnector.revive. */
  async revive(name: string): Promise<void> {
    await this.#running.connectors.run(name, () => this.#connector(name).revive());
  }

  activeTopics(name: string): readonly string[] {
    return this.#running.publisher.activeTopics(name);
  }

  async resetTopics(name: string): Promise<void> {
    await this.#running.publisher.resetTopics(name);
  }

  /** See `waitForSink`. */
  async wait(name: string, request: WaitRequest): Promise<Waited> {
    const { pause, clock } = this.#settings;
    const context = (connector: string) => this.#resolving.context(connector);
    const services = { pause, nowMs: () => clock.nowMs(), searches: this.#searches, context };
    return waitForSink(this.#subjects, name, request, services, this.#ended.signal);
  }

  async clusterId(): Promise<string> {
    return this.#running.log.clusterId();
  }

  readonly #versionOf = (className: string): string => this.#versions.get(className) ?? 'undefined';

  get #running(): Started {
    if (this.#started === null || this.ending)
      throw new SluiceError('UNAVAILABLE', this.ending ? 'Worker is shutting down' : 'Worker is still starting up.');
    return this.#started;
  }

  get #resolving(): ConnectorResolving {
    const { registry, defaults, placeholders, clock, connectorLogger } = this.#settings;
    const context = (connector: string) => ({ connector, task: 0, logger: connectorLogger(connector), clock });
    return { registry, defaults, placeholders, context, others: () => this.#started?.connectors.kinds() ?? [] };
  }

  #connector(name: string, missing = `Connector ${name} not found`): SupervisedConnector {
    const connector = this.#started?.connectors.get(name) ?? null;
    if (connector === null) throw new SluiceError('NOT_FOUND', missing);
    return connector;
  }

  /** Stores a config that is valid, within the connector's lock; its tasks follow in the background. */
  async #put(
    name: string,
    existing: SupervisedConnector | null,
    config: SubmittedConfig,
    initialState: TargetState,
    file: string | null = null,
  ): Promise<{ readonly connector: SupervisedConnector; readonly warnings: readonly string[] }> {
    const { log, connectors } = this.#running;
    if (existing !== null && file === null) refuseHeld(existing, this.#isThere);
    const mark = [managedByFile, managedByWorker].find(name => config[name] !== undefined);
    if (mark !== undefined) throw new SluiceError('BAD_REQUEST', `'${mark}' is the worker's own mark and cannot be given.`);
    const given = await this.#unmask(config, existing);
    const resolved = await this.#resolve(given);
    if (resolved.faults.length > 0) throw invalidConfig(resolved);
    const valid = given as RawConfig;
    const marks = file === null ? {} : fileMarks(file, log.workerGroup?.worker.id ?? null);
    const stored = { ...valid, ...marks };
    if (existing === null) await log.connectors.putConfig(name, stored, initialState);
    else await log.connectors.putConfig(name, stored);
    crashPoint('config-stored');
    const connector = existing ?? (await connectors.add({ name, config: stored, targetState: initialState }));
    connector.adopt(valid, resolved, marks);
    connectors.apply(connector, () => (existing === null ? connector.apply() : connector.reconfigure()));
    return { connector, warnings: connector.configWarnings };
  }

  #unmask(config: SubmittedConfig, existing: SupervisedConnector | null): Promise<SubmittedConfig> {
    return unmaskSubmission(config, existing?.config ?? null, this.#settings.registry);
  }

  #resolve(config: SubmittedConfig): Promise<ResolvedConnector> {
    return resolveSubmission(config, this.#resolving, this.#ended.signal);
  }

  readonly #isThere = (worker: string): boolean => this.group?.has(worker) ?? true;
}
