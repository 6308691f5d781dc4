import { type PluginRegistry, SluiceError, type StoredStates } from '../../contract/index.ts';
import { loadConnectorClass, passwordOptions } from '../connector/connector-class.ts';
import type { ConnectorType } from '../connector/connector-plan.ts';
import { shownConfig } from '../connector/connector-secrets.ts';
import type { SupervisedConnectors } from './supervisor-connectors.ts';
import type { ConnectorInfo, ConnectorStatus, RunState, TaskStatus } from './supervisor-states.ts';

/**
 * Connectors as any worker of the group may show them: its own as they are, the others' by what is stored and by what their owners last told,
 * as Connect's workers do. Made for one request.
 */
export class SharedConnectors {
  readonly #connectors: SupervisedConnectors;
  readonly #registry: PluginRegistry;
  readonly #states: ReadonlyMap<string, StoredStates>;
  readonly #versionOf: (className: string) => string;

  constructor(
    connectors: SupervisedConnectors,
    registry: PluginRegistry,
    states: ReadonlyMap<string, StoredStates>,
    versionOf: (className: string) => string,
  ) {
    this.#connectors = connectors;
    this.#registry = registry;
    this.#states = states;
    this.#versionOf = versionOf;
  }

  names(): readonly string[] {
    return this.#connectors.names();
  }

  async info(name: string): Promise<ConnectorInfo> {
    const connector = this.#connector(name, `Connector ${name} not found`);
    if (this.#connectors.owns(name)) return connector.info();
    const isPassword = await passwordOptions(connector.config['connector.class'], this.#registry);
    const { type } = await this.#classOf(connector.config);
    const tasks = this.#tasksOf(name).map(([task]) => ({ connector: name, task }));
    return { name, config: shownConfig(connector.config, isPassword), tasks, type };
  }

  async status(name: string): Promise<ConnectorStatus> {
    const missing = `No status found for connector ${name}`;
    const connector = this.#connector(name, missing);
    if (this.#connectors.owns(name)) return connector.status();
    const stored = this.#states.get(name);
    if (!stored?.connector) throw new SluiceError('NOT_FOUND', missing);
    const known = await this.#classOf(connector.config);
    const version = this.#versionOf(known.class);
    const shown = ({ state, trace, workerId }: NonNullable<StoredStates['connector']>) => ({
      state: state as RunState,
      worker_id: workerId,
      ...(trace !== null && { trace }),
      version,
    });
    const tasks = this.#tasksOf(name).map(([id, state]) => ({ id, ...shown(state) }));
    return { name, connector: shown(stored.connector), tasks, type: known.type };
  }

  async taskStatus(name: string, task: number): Promise<TaskStatus> {
    const status = this.#connectors.get(name) === null ? null : await this.status(name).catch(() => null);
    const found = status?.tasks.find(({ id }) => id === task);
    if (found === undefined) throw new SluiceError('NOT_FOUND', `No status found for task ${name}-${task}`);
    return found;
  }

  /** What its owner told of its tasks. One that is STOPPED has none any more, whatever they were last said to be. */
  #tasksOf(name: string) {
    const stored = this.#states.get(name);
    return stored === undefined || stored.connector?.state === 'STOPPED' ? [] : [...stored.tasks];
  }

  #connector(name: string, missing: string) {
    const connector = this.#connectors.get(name);
    if (connector === null) throw new SluiceError('NOT_FOUND', missing);
    return connector;
  }

  async #classOf(config: Readonly<Record<string, string>>): Promise<{ readonly class: string; readonly type: ConnectorType | 'unknown' }> {
    const className = config['connector.class']?.trim() ?? '';
    try {
      const { class: known, type } = await loadConnectorClass(className, this.#registry);
      return { class: known, type };
    } catch {
      return { class: className, type: 'unknown' };
    }
  }
}
