import type { ReplayView } from '../../../src/engine/replay/replay-view.ts';
import type { ReplayMeasure } from '../../../src/engine/replay/replays.ts';
import { ConnectClient, isMomentary } from '../../support/connect-client.ts';
import { applied } from '../../support/connector-progress.ts';
import type { Daemon } from '../../support/daemon.ts';
import { until } from '../../support/until.ts';

export const patienceMs = 60_000;

/** A sink of a daemon, with its replays over REST. */
export class ReplayingSink {
  readonly name: string;
  readonly rest: ConnectClient;
  readonly #daemon: Daemon;

  constructor(daemon: Daemon, name: string) {
    [this.#daemon, this.name, this.rest] = [daemon, name, new ConnectClient(daemon.url)];
  }

  get #path(): string {
    return `/connectors/${this.name}/replays`;
  }

  /** Waits until all that is in its topics is in the target. */
  async applied(): Promise<void> {
    await applied(this.#daemon, this.name, patienceMs);
  }

  /** The same, and so many records are behind the group's offsets: these are stored a moment later. */
  async committed(records: number): Promise<void> {
    await this.applied();
    const behind = async () => {
      const { offsets } = await this.offsets();
      return offsets.reduce((sum, { offset }) => sum + offset.kafka_offset, 0) === records;
    };
    await until(behind, { what: `the group's offsets of ${this.name}` });
  }

  begin(request: object): Promise<ReplayView> {
    return this.rest.call('POST', this.#path, request);
  }

  measure(request: object): Promise<ReplayMeasure> {
    return this.rest.call('POST', this.#path, { ...request, dryRun: true });
  }

  view(id: string): Promise<ReplayView> {
    return this.rest.call('GET', `${this.#path}/${id}`);
  }

  list(): Promise<readonly ReplayView[]> {
    return this.rest.call('GET', this.#path);
  }

  stop(id: string): Promise<ReplayView> {
    return this.rest.call('DELETE', `${this.#path}/${id}`);
  }

  /** Waits until it is so of a replay; a daemon that is just starting again is waited for too. */
  async until(id: string, what: string, is: (view: ReplayView) => boolean): Promise<ReplayView> {
    const look = async () => {
      const view = await this.view(id).catch((error: unknown) => {
        if (isMomentary(error)) return null;
        throw error;
      });
      return view !== null && is(view) ? view : null;
    };
    return until(look, {
      what: `replay ${id} ${what}. The daemon's log:\n${this.#daemon.log()}\n`,
      timeoutMs: patienceMs * 2,
      everyMs: 50,
    });
  }

  async ended(id: string): Promise<ReplayView> {
    return this.until(id, 'to end', ({ state }) => state !== 'RUNNING');
  }

  /** Begins one and waits for its end, which must be a good one. */
  async replayed(request: object): Promise<ReplayView> {
    const { id } = await this.begin(request);
    const view = await this.ended(id);
    if (view.state !== 'COMPLETED') throw new Error(`Replay ${id} is ${view.state}: ${JSON.stringify(view.error)}`);
    return view;
  }

  /** The group's offsets. */
  offsets(): Promise<{ readonly offsets: readonly { readonly offset: { readonly kafka_offset: number } }[] }> {
    return this.rest.call('GET', `/connectors/${this.name}/offsets`);
  }
}
