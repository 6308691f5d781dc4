import { setTimeout } from 'node:timers/promises';
import type { ShownVerification } from '../../../src/engine/verification/progress.ts';
import { ConnectClient } from '../../support/connect-client.ts';
import { applied, streaming } from '../../support/connector-progress.ts';
import type { Daemon } from '../../support/daemon.ts';
import { until } from '../../support/until.ts';

/** What a verification is asked for. */
export type Asked = {
  readonly against: string;
  readonly tables?: readonly string[];
  readonly repair?: boolean;
  readonly rate?: number;
  readonly keys?: number;
};

/** A daemon whose source is verified. */
export class VerifiedDaemon {
  readonly daemon: Daemon;
  readonly rest: ConnectClient;
  readonly source: string;

  constructor(daemon: Daemon, source: string) {
    [this.daemon, this.source] = [daemon, source];
    this.rest = new ConnectClient(daemon.url);
  }

  /** Waits until a sink has applied what the log holds, and the source streams. */
  async applied(sink: string): Promise<void> {
    await streaming(this.daemon, this.source, 240_000);
    await applied(this.daemon, sink);
  }

  start(asked: Asked): Promise<ShownVerification> {
    return this.rest.call<ShownVerification>('POST', `/connectors/${this.source}/verifications`, asked);
  }

  get(id: string): Promise<ShownVerification> {
    return this.rest.call<ShownVerification>('GET', `/connectors/${this.source}/verifications/${id}`);
  }

  list(): Promise<readonly ShownVerification[]> {
    return this.rest.call<readonly ShownVerification[]>('GET', `/connectors/${this.source}/verifications`);
  }

  /** Runs one to its end. */
  async verify(asked: Asked): Promise<ShownVerification> {
    const { id } = await this.start(asked);
    const ended = async () => {
      const shown = await this.get(id);
      return shown.state === 'RUNNING' ? null : shown;
    };
    return until(ended, {
      what: `the verification against ${asked.against} to end. The daemon's log:\n${this.daemon.log()}\n`,
      timeoutMs: 180_000,
      everyMs: 100,
    });
  }
}

/** The differences of a verification, as `KIND KEY`, sorted; with what became of them where it repaired. */
export function differencesOf({ tables }: ShownVerification): string[] {
  return tables
    .flatMap(({ differences }) =>
      differences.map(({ kind, key, repaired }) => `${kind} ${key.join('/')}${repaired === null ? '' : repaired ? ' repaired' : ' left'}`),
    )
    .sort();
}

/** Changes something over and over until it is disposed of; `changes` counts. */
export function steadyLoad(change: (round: number) => Promise<void>, everyMs: number): AsyncDisposable & { readonly changes: number } {
  const ended = new AbortController();
  let changes = 0;
  const running = (async () => {
    while (!ended.signal.aborted) {
      await change(changes++);
      await setTimeout(everyMs, undefined, { signal: ended.signal }).catch(() => {});
    }
  })();
  return {
    get changes() {
      return changes;
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await running;
    },
  };
}
