import { type SluiceError, type SourceOffset, toSluiceError } from '../../contract/index.ts';
import type { ObservedConnector, ObservedVerification } from '../../observe/metrics/observed.ts';
import { observeConnector } from '../connector/connector-observation.ts';
import type { SupervisedConnector } from './supervisor-connector.ts';
import type { Running } from './supervisor-running.ts';
import type { SupervisorSettings } from './supervisor-settings.ts';

/** How long giving a connector's place up may take, its tasks' end included. */
const giveUpMsMax = 60_000;

/**
 * Looks at the databases and topics of this worker's connectors now and then, gives up a place that a guard says is to be given up, and tells
 * what the metrics show.
 */
export class Watching {
  readonly #running: Running;
  readonly #settings: SupervisorSettings;
  readonly #verified: (source: string) => readonly ObservedVerification[];
  readonly #ended: AbortSignal;

  /** `verified`: how a source's last verifications have ended. */
  constructor(
    running: Running,
    settings: SupervisorSettings,
    verified: (source: string) => readonly ObservedVerification[],
    ended: AbortSignal,
  ) {
    [this.#running, this.#settings, this.#verified, this.#ended] = [running, settings, verified, ended];
  }

  /** Looks every `lookEveryMs` until the worker ends. A connector that keeps a look waiting keeps no other's. */
  start(): void {
    const { lookEveryMs } = this.#settings;
    if (lookEveryMs === undefined) return;
    const timer = setInterval(() => void this.look().catch(() => {}), lookEveryMs);
    timer.unref();
    this.#ended.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  /** This worker's own connectors as the metrics show them. Throws UNAVAILABLE before it has started. */
  observed(): readonly ObservedConnector[] {
    const nowMs = this.#settings.clock.nowMs();
    return this.#own().map(connector => observeConnector(connector, nowMs, this.#verified(connector.name)));
  }

  /** Resolves when all that are this worker's have been looked at, or have kept it waiting too long. */
  async look(): Promise<void> {
    await Promise.all(this.#own().map(connector => this.#lookAt(connector)));
  }

  #own(): readonly SupervisedConnector[] {
    const { connectors, connector } = this.#running;
    return connectors
      .names()
      .filter(name => connectors.owns(name))
      .map(name => connector(name));
  }

  async #lookAt(connector: SupervisedConnector): Promise<void> {
    const givingUp = await connector.watch.look(this.#ended);
    if (givingUp === null) return;
    // Behind what is under way with the connector, and before what comes next.
    this.#running.connectors.apply(connector, () => this.#giveUp(connector, givingUp));
  }

  async #giveUp(connector: SupervisedConnector, error: SluiceError): Promise<void> {
    const { taskStopMsMax, logger } = this.#settings;
    const { log } = this.#running;
    const { name } = connector;
    const ran = new Set(connector.tasks.filter(({ state, running }) => running && state === 'RUNNING').map(({ id }) => id));
    await Promise.all(connector.tasks.map(task => task.fail(error, taskStopMsMax)));
    let again = false;
    const abort = AbortSignal.any([this.#ended, AbortSignal.timeout(giveUpMsMax)]);
    try {
      await using source = connector.createBeside();
      const stored = await log.connectors.offsets(name);
      again = (await source?.giveUp?.(stored, gap => this.#record(name, gap), abort)) ?? false;
    } catch (thrown) {
      const fault = toSluiceError(thrown);
      logger.error(
        { connector: name, code: fault.code, remedy: fault.remedy },
        `The place could not be given up; it is tried again: ${fault.message}`,
      );
    }
    if (!again || ran.size === 0 || this.#ended.aborted) return;
    logger.warn({ connector: name }, 'The place was given up; the tasks that ran are started again, as configured');
    await connector.restart(false, ({ id }) => ran.has(id));
  }

  /** What cannot be recorded is given up all the same: the database's disk is at stake, and the stored offset says where the gap begins. */
  async #record(connector: string, gap: readonly SourceOffset[]): Promise<void> {
    await this.#running.log.connectors.alterOffsets(connector, gap).catch((thrown: unknown) => {
      const { code, message } = toSluiceError(thrown);
      const said = 'What is given up could not be recorded with the offsets';
      this.#settings.logger.error({ connector, code, gap: gap.map(({ offset }) => offset) }, `${said}: ${message}`);
    });
  }
}
