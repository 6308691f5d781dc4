import { randomUUID } from 'node:crypto';
import { type OnDemandProgress, SluiceError, type Source, type SourceSignal } from '../../contract/index.ts';
import type { Running } from './supervisor-running.ts';

/** What is asked for by a call: `execute-snapshot` in our words. */
export type SnapshotRequest = {
  /** Names, or Java patterns over names. */
  readonly tables: readonly string[];
  readonly type: 'incremental' | 'blocking';
  /** SQL that rows must meet: of all tables, or by pattern; null: all rows. */
  readonly where: string | Readonly<Record<string, string>> | null;
  readonly surrogateKey: string | null;
};

/** A snapshot on demand as it is shown. Times are ISO 8601. */
export type ShownSnapshot = {
  readonly id: string;
  readonly state: OnDemandProgress['state'];
  readonly tables: readonly {
    readonly name: string;
    readonly state: OnDemandProgress['tables'][number]['state'];
    readonly rows: number;
    readonly rows_estimated: number | null;
    readonly reason: string | null;
  }[];
  readonly chunks: number;
  readonly rows: number;
  readonly rows_per_second: number | null;
  readonly started_at: string;
  /** Estimated while it runs; null where it cannot be told. */
  readonly ends_at: string | null;
  /** Why nothing is read for now; left out where it is. */
  readonly waits_for?: string;
};

/** Snapshots that a running source takes on demand: its signals, without a channel of Debezium's in between. */
export class OnDemandSnapshots {
  readonly #subjects: Running;

  constructor(subjects: Running) {
    this.#subjects = subjects;
  }

  /** The one under way, or the last one; null: none since the task was started. Throws NOT_FOUND. */
  view(name: string): ShownSnapshot | null {
    const [task] = this.#subjects.connector(name).tasks;
    const progress = task?.source?.status().onDemand ?? null;
    return progress && shown(progress);
  }

  /** Asks for tables. Answers when the task has taken it up; throws BAD_REQUEST, CONFLICT where it does not stream, NOT_FOUND. */
  async request(name: string, { tables, type, where, surrogateKey }: SnapshotRequest): Promise<ShownSnapshot | null> {
    const conditions = where === null ? [] : typeof where === 'string' ? [['.*', where] as const] : Object.entries(where);
    return this.#signal(name, 'execute-snapshot', {
      'data-collections': tables,
      type,
      'additional-conditions': conditions.map(([collection, filter]) => ({ 'data-collection': collection, filter })),
      ...(surrogateKey !== null && { 'surrogate-key': surrogateKey }),
    });
  }

  /** Takes tables out; null: all. */
  stop(name: string, tables: readonly string[] | null): Promise<ShownSnapshot | null> {
    return this.#signal(name, 'stop-snapshot', { type: 'incremental', ...(tables !== null && { 'data-collections': tables }) });
  }

  pause(name: string, paused: boolean): Promise<ShownSnapshot | null> {
    return this.#signal(name, paused ? 'pause-snapshot' : 'resume-snapshot', {});
  }

  async #signal(name: string, type: string, data: object): Promise<ShownSnapshot | null> {
    // Behind what was asked of the connector before: a task that is about to end for a new config would take the signal along.
    this.#subjects.connector(name);
    await this.#subjects.connectors.run(name, async () => {});
    const source = this.#source(name);
    const signal: SourceSignal = { id: randomUUID(), type, data: JSON.stringify(data) };
    if (source.signal === undefined) throw new SluiceError('BAD_REQUEST', `Connector ${name} takes no snapshots on demand.`);
    await source.signal(signal);
    return this.view(name);
  }

  #source(name: string): Source {
    const connector = this.#subjects.connector(name);
    const [task] = connector.tasks;
    if (task?.askable) return task.askable;
    const why = task === undefined ? 'has no task that runs' : task.consuming !== null ? 'is a sink' : 'does not run';
    throw new SluiceError(
      why === 'is a sink' ? 'BAD_REQUEST' : 'CONFLICT',
      `Connector ${name} ${why}: only a running source reads tables.`,
    );
  }
}

function shown({ id, state, tables, chunks, rows, rowsPerSecond, startedAtMs, endsAtMs, waitsFor }: OnDemandProgress): ShownSnapshot {
  return {
    id,
    state,
    tables: tables.map(table => ({
      name: table.name,
      state: table.state,
      rows: table.rows,
      rows_estimated: table.rowsEstimated,
      reason: table.reason,
    })),
    chunks,
    rows,
    rows_per_second: rowsPerSecond,
    started_at: new Date(startedAtMs).toISOString(),
    ends_at: endsAtMs === null ? null : new Date(endsAtMs).toISOString(),
    ...(waitsFor !== undefined && { waits_for: waitsFor }),
  };
}
