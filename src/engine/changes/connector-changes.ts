import {
  type EventLog,
  type Logger,
  type RawConfig,
  SluiceError,
  type StoredConnector,
  type TargetState,
  toSluiceError,
} from '../../contract/index.ts';
import type { ConnectorResolving } from '../connector/connector-plan.ts';
import type { SubmittedConfig } from '../connector/connector-submission.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { Pause } from '../supervisor/supervisor-back-off.ts';
import { sameConfig } from '../supervisor/supervisor-connector.ts';
import { unmarked } from '../supervisor/supervisor-connectors.ts';
import type { FileConnector } from '../supervisor/supervisor-loading.ts';
import { type ChangePlan, type ConnectorChange, inSafeOrder, obstacle, type WantedConnector } from './connector-change.ts';
import { type Planning, planConnector } from './plan-connector.ts';

/** The worker's connector files as they are now: what they hold, and those that cannot be read. */
export type ReadFiles = () => Promise<{
  readonly connectors: readonly FileConnector[];
  readonly faults: readonly { readonly file: string; readonly message: string }[];
}>;

export type ConnectorChangesSettings = {
  readonly supervisor: Supervisor;
  readonly resolving: ConnectorResolving;
  /** Throws UNAVAILABLE where the log is not open yet. */
  log(): EventLog;
  readonly readFiles: ReadFiles;
  readonly logger: Logger;
  readonly pause: Pause;
  /** Aborted when the worker stops. */
  readonly stopping: AbortSignal;
};

/** What a connector is to become. `config` null: it is to go; `file`: what the worker's files say of it counts. */
export type ChangeRequest = ({ readonly config: SubmittedConfig | null } | { readonly file: true }) & {
  readonly initialState: TargetState;
  /** Apply also what loses a stored position: the connector begins anew. */
  readonly losePosition: boolean;
};

/** How long a connector may take to stop before its position is given up. */
const stopMsMax = 60_000;
const stopCheckMs = 50;

/** Finds what connectors would become, by files or by what REST is given, and does it, one connector at a time. */
export class ConnectorChanges {
  readonly #settings: ConnectorChangesSettings;
  #following: Promise<void> | null = null;
  #again = false;

  constructor(settings: ConnectorChangesSettings) {
    this.#settings = settings;
  }

  /** What the worker's own files would change. A connector whose file cannot be read stays as it is. */
  async planFiles(): Promise<ChangePlan> {
    const { connectors, faults } = await this.#settings.readFiles();
    const stored = await this.#stored();
    const unread = new Set(faults.map(({ file }) => file));
    const gone = [...stored.values()].filter(connector => {
      const { name, file, fileWorker } = unmarked(connector);
      return file !== null && this.#isOurs(fileWorker) && !unread.has(file) && !connectors.some(held => held.name === name);
    });
    const changes = [
      ...(await Promise.all(connectors.map(wanted => this.#plan(stored.get(wanted.name) ?? null, wanted)))),
      ...(await Promise.all(gone.map(connector => this.#plan(connector, null)))),
    ];
    return { changes: inSafeOrder(changes), faults };
  }

  /** What these connectors would change. `prune`: those that REST made and that are not among them would go. */
  async plan(wanted: readonly WantedConnector[], prune: boolean): Promise<ChangePlan> {
    const stored = await this.#stored();
    const surplus = prune
      ? [...stored.values()].filter(connector => unmarked(connector).file === null && !wanted.some(({ name }) => name === connector.name))
      : [];
    const changes = [
      ...(await Promise.all(wanted.map(one => this.#plan(stored.get(one.name) ?? null, one)))),
      ...(await Promise.all(surplus.map(connector => this.#plan(connector, null)))),
    ];
    return { changes: inSafeOrder(changes), faults: [] };
  }

  /**
   * Does what `plan` finds for one connector, as it is found now. Answers when its tasks are the new ones, whatever becomes of them. Throws
   * BAD_REQUEST with all faults, CONFLICT where a file holds it otherwise or a position would be lost, NOT_FOUND.
   */
  async apply(name: string, request: ChangeRequest): Promise<ConnectorChange> {
    const stored = (await this.#stored()).get(name) ?? null;
    const wanted = 'file' in request ? await this.#fileOf(name) : wantedOf(name, request.config, request.initialState);
    if (stored === null && wanted === null) throw new SluiceError('NOT_FOUND', `Connector ${name} not found`);
    if (stored !== null && wanted === null) await this.#refuseHeld(stored);
    const change = await this.#plan(stored, wanted);
    const why = obstacle(change);
    if (why !== null) throw new SluiceError(change.refused === null ? 'BAD_REQUEST' : 'CONFLICT', why);
    if (change.position === 'lost' && !request.losePosition) throw wouldLose(change);
    await this.#carryOut(change, stored, wanted && { ...wanted, file: change.file });
    await this.#settings.supervisor.settled(name);
    return change;
  }

  /**
   * Makes what runs follow the worker's files. What cannot be applied, or would lose a position, is said in the log and stays as it runs. Calls
   * while one is under way make one more follow it. Never rejects.
   */
  follow(): Promise<void> {
    this.#again = true;
    this.#following ??= this.#follow().finally(() => {
      this.#following = null;
    });
    return this.#following;
  }

  async #follow(): Promise<void> {
    const { logger, stopping } = this.#settings;
    while (this.#again && !stopping.aborted) {
      this.#again = false;
      try {
        const { changes, faults } = await this.planFiles();
        if (changes.length > 0 && faults.length === 0 && changes.every(({ action }) => action === 'remove')) {
          // A folder that is not mounted, or is being put in place, looks just like this.
          logger.warn(
            {},
            'No connector file is there any more; what they held stays as it runs. sluice apply removes it where that is meant.',
          );
          continue;
        }
        for (const { file, message } of faults)
          logger.warn({ file }, `A connector file cannot be read; what it held stays as it runs. ${message}`);
        for (const { name, action, file } of changes) if (action !== 'none' && !stopping.aborted) await this.#followOne(name, action, file);
      } catch (thrown) {
        logger.warn({ err: thrown }, `The connector files could not be followed: ${toSluiceError(thrown).message}`);
      }
    }
  }

  async #followOne(name: string, action: ConnectorChange['action'], file: string | null): Promise<void> {
    const { logger } = this.#settings;
    try {
      await this.apply(name, { file: true, initialState: 'STARTED', losePosition: false });
      const done = { add: 'made', change: 'changed', remove: 'removed; its offsets stay', none: 'left as it is' }[action];
      logger.info({ connector: name, file }, `By its file, connector ${name} is ${done}.`);
    } catch (thrown) {
      const { code, message, remedy } = toSluiceError(thrown);
      logger.warn(
        { connector: name, file, code, remedy },
        `What the file says of connector ${name} is not applied; it stays as it runs. ${message}`,
      );
    }
  }

  async #carryOut(change: ConnectorChange, stored: StoredConnector | null, wanted: WantedConnector | null): Promise<void> {
    const { supervisor } = this.#settings;
    const { name, action, position } = change;
    if (action === 'none') return;
    if (wanted === null) return supervisor.delete(name, true);
    const put = () => supervisor.put(name, wanted.config, { replace: true, initialState: wanted.targetState, file: wanted.file });
    if (position !== 'lost' || stored === null) return void (await put());
    // Between the steps it is stopped: whatever ends them, nothing is read under a config that its position is not of.
    await supervisor.setTarget(name, 'STOPPED');
    await this.#stopped(name);
    await put();
    await supervisor.offsets.reset(name);
    await supervisor.setTarget(name, stored.targetState);
  }

  async #stopped(name: string): Promise<void> {
    const { supervisor, pause, stopping } = this.#settings;
    for (let waitedMs = 0; waitedMs < stopMsMax && !stopping.aborted; waitedMs += stopCheckMs) {
      const { connector, tasks } = supervisor.status(name);
      if (connector.state === 'STOPPED' && tasks.length === 0) return;
      await pause(stopCheckMs, stopping);
    }
    throw new SluiceError(
      'CONFLICT',
      `Connector ${name} did not stop within ${stopMsMax / 1000} s: it is left stopping, and nothing of it is changed.`,
    );
  }

  async #plan(stored: StoredConnector | null, wanted: WantedConnector | null): Promise<ConnectorChange> {
    const change = await planConnector(stored, wanted, this.#planning);
    if (stored === null || wanted?.file === undefined || wanted.file !== null) return change;
    // By REST, what a file holds may become what the file says, and nothing else.
    const held = unmarked(stored);
    if (held.file === null || !this.#isThere(held.fileWorker)) return change;
    if (change.action === 'none') return change;
    const inFile = await this.#fileOf(held.name).catch(() => null);
    if (inFile !== null && sameConfig(inFile.config, wanted.config)) return planConnector(stored, inFile, this.#planning);
    const refused = `Connector ${held.name} is held by the worker's file ${held.file}, which does not say this: change it there.`;
    return { ...change, file: held.file, refused };
  }

  get #planning(): Planning {
    const { supervisor, resolving, log, stopping } = this.#settings;
    return {
      resolving,
      offsets: name => (supervisor.names().includes(name) ? supervisor.offsets.read(name) : log().connectors.offsets(name)),
      abort: stopping,
    };
  }

  async #stored(): Promise<ReadonlyMap<string, StoredConnector>> {
    return new Map((await this.#settings.log().connectors.list()).map(connector => [connector.name, connector]));
  }

  /** What the worker's files say of a connector; null: nothing. Throws CONFIG_FILE_UNREADABLE where the file that holds it cannot be read. */
  async #fileOf(name: string): Promise<WantedConnector | null> {
    const { connectors, faults } = await this.#settings.readFiles();
    const found = connectors.find(connector => connector.name === name);
    if (found !== undefined) return found;
    const stored = (await this.#stored()).get(name);
    const { file, fileWorker } = stored === undefined ? { file: null, fileWorker: null } : unmarked(stored);
    if (!this.#isOurs(fileWorker))
      throw new SluiceError('CONFLICT', `Connector ${name} is held by a file of worker ${fileWorker}, not of this one.`, {
        remedy: 'Set connectors.watch=true there, or restart that worker.',
      });
    const fault = faults.find(unread => unread.file === file);
    if (fault !== undefined) throw new SluiceError('CONFIG_FILE_UNREADABLE', fault.message);
    if (stored !== undefined && file === null)
      throw new SluiceError('CONFLICT', `Connector ${name} is held by no file of this worker: it was made by REST.`);
    return null;
  }

  /** Throws CONFLICT for a connector that its file still holds: it would be there again with the next start. */
  async #refuseHeld(stored: StoredConnector): Promise<void> {
    const { name, file, fileWorker } = unmarked(stored);
    if (file === null || !this.#isThere(fileWorker)) return;
    if ((await this.#fileOf(name)) !== null)
      throw new SluiceError('CONFLICT', `Connector ${name} is held by the worker's file ${file}: take it out there first.`);
  }

  #isOurs(fileWorker: string | null): boolean {
    return fileWorker === null || fileWorker === this.#settings.log().workerGroup?.worker.id;
  }

  #isThere(fileWorker: string | null): boolean {
    return fileWorker === null || (this.#settings.supervisor.group?.has(fileWorker) ?? true);
  }
}

function wantedOf(name: string, config: SubmittedConfig | null, targetState: TargetState): WantedConnector | null {
  if (config === null) return null;
  const missing = Object.entries(config).find(([, value]) => value === null);
  if (missing) throw new SluiceError('BAD_REQUEST', `Null value can not be supplied as the configuration value of ${missing[0]}.`);
  return { name, config: { ...(config as RawConfig), name }, file: null, targetState };
}

function wouldLose({ name, position_because: by }: ConnectorChange): SluiceError {
  return new SluiceError('CONFLICT', `Connector ${name} would lose its position by ${by}: it would begin anew. Nothing is changed.`, {
    remedy: 'Say that this is meant (sluice apply --lose-position), or give the connector another name beside this one.',
  });
}
