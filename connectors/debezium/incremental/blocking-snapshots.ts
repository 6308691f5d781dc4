import { setTimeout } from 'node:timers/promises';
import type { JsonObject, Logger, OnDemandProgress, OnDemandTable } from '../../../src/contract/index.ts';
import { expandCollections, type SnapshotRequest } from '../signals/signal.ts';
import type { TableId } from '../table.ts';
import { qualifiedName } from '../table-name.ts';
import type { KnownTable } from './chunk-database.ts';

/** A table that a blocking snapshot reads. */
export type BlockingTable = {
  /** Its qualified name. */
  readonly name: string;
  /** The statement that selects its rows, or a condition that they must meet; null: all rows. */
  readonly filter: string | null;
};

/** What one signal asked for. */
export type BlockingRequest = {
  readonly id: string;
  readonly tables: readonly BlockingTable[];
  /** What is stored of its tables' reading is this request's. */
  readonly begun: boolean;
};

const storedName = 'sluice_blocking_snapshots';

/** Between two looks at whether what is under way is over. */
const checkIntervalMs = 10;

/**
 * Blocking snapshots that were asked for, in their order, and how an offset holds them (invariant 1): a request is stored with the batch in which it
 * came, and gone with the batch that ends it, so a restart in the middle goes on with it.
 */
export class BlockingSnapshots {
  readonly #nowMs: () => number;
  readonly #ended: (table: string, id: string, read: boolean) => void;
  #requests: readonly BlockingRequest[] = [];
  #id = '';
  #tables = new Map<string, OnDemandTable>();
  #startedAtMs = 0;
  #endedAtMs: number | null = null;
  /** What is stored has changed: a batch is owed. */
  changed = false;

  /** `ended`: a request's table is done with; `read` false: it was left out. */
  constructor(nowMs: () => number, ended: (table: string, id: string, read: boolean) => void = () => {}) {
    this.#nowMs = nowMs;
    this.#ended = ended;
  }

  /** Whose turn it is; null: none. */
  get next(): BlockingRequest | null {
    return this.#requests[0] ?? null;
  }

  store(): JsonObject {
    if (this.#requests.length === 0) return {};
    const written = this.#requests.map(({ id, tables, begun }) => ({
      id,
      begun,
      tables: tables.map(({ name, filter }) => ({ name, filter })),
    }));
    return { [storedName]: written };
  }

  restore(offset: JsonObject): void {
    const stored = offset[storedName] as readonly BlockingRequest[] | undefined;
    this.#requests = stored ?? [];
    this.changed = this.#requests.length > 0;
    for (const request of this.#requests) this.#show(request, []);
  }

  /** Takes a signal's request up; answers why it cannot be, or null. `known`: the captured tables. */
  ask({ id, collections, conditions, surrogateKey }: SnapshotRequest, known: readonly KnownTable[], logger: Logger): string | null {
    if (surrogateKey !== null) return 'surrogate-key is of incremental snapshots: a blocking one reads tables without a key too';
    const names = known.map(({ name }) => name);
    const wanted = expandCollections(collections, names);
    const filterOf = (name: string) => conditions.find(({ matches }) => matches(name))?.filter || null;
    const tables = wanted.map(name => ({ name, filter: filterOf(name) }));
    this.add(id, tables, known);
    logger.info({ signal: id, tables: wanted }, `A blocking snapshot of ${wanted.join(', ')} was asked for`);
    return null;
  }

  /** Until none is being read: what is read beside one must not be older than what it publishes. Rejects on the abort. */
  async untilOver(abort: AbortSignal): Promise<void> {
    while (this.next?.begun) await setTimeout(checkIntervalMs, undefined, { signal: abort });
  }

  /** Whether a table is to be read, or is being read, for that signal. */
  isRequested(table: string, id: string): boolean {
    return this.#requests.some(request => request.id === id && request.tables.some(({ name }) => name === table));
  }

  add(id: string, tables: readonly BlockingTable[], known: readonly KnownTable[]): void {
    if (this.next === null) this.#tables = new Map();
    this.#requests = [...this.#requests, { id, tables, begun: false }];
    this.changed = true;
    this.#show(this.#requests.at(-1)!, known);
  }

  #show({ id, tables }: BlockingRequest, known: readonly KnownTable[]): void {
    this.#id = id;
    this.#startedAtMs = this.#nowMs();
    this.#endedAtMs = null;
    for (const { name } of tables) {
      const rowsEstimated = known.find(table => table.name === name)?.rowsEstimated ?? null;
      this.#tables.set(name, { name, state: 'waiting', rows: 0, rowsEstimated, reason: null });
    }
  }

  /** The first request's reading begins: with the offset that says so, what was stored of its tables before must be gone. */
  begin(): void {
    const [first, ...others] = this.#requests;
    this.#requests = [{ ...first!, begun: true }, ...others];
  }

  /** The first request is done with. `failure`: why its tables that are not read are left out; null: all are read. */
  end(failure: string | null): void {
    const { next } = this;
    for (const { name } of next?.tables ?? [])
      if (this.#tables.get(name)?.state === 'waiting' || this.#tables.get(name)?.state === 'reading')
        this.mark(name, failure === null ? 'done' : 'skipped', undefined, failure);
    this.#requests = this.#requests.slice(1);
    if (this.#requests.length === 0) this.#endedAtMs = this.#nowMs();
    this.changed = this.#requests.length > 0;
    for (const { name } of next?.tables ?? []) this.#ended(name, next!.id, this.#tables.get(name)?.state === 'done');
  }

  /** Leaves out, and tells of, the first request's tables that are not among the captured ones. */
  leaveOutMissing(captured: readonly string[], logger: Logger): void {
    for (const { name } of this.next?.tables ?? []) {
      if (captured.includes(name) || this.#tables.get(name)?.state === 'skipped') continue;
      this.leaveOut(name, 'There is no such table among those that are captured.', logger);
    }
  }

  leaveOut(name: string, reason: string, logger: Logger): void {
    this.mark(name, 'skipped', 0, reason);
    logger.warn({ table: name }, `The blocking snapshot leaves ${name} out: ${reason}`);
  }

  mark(name: string, state: OnDemandTable['state'], rows?: number, reason: string | null = null): void {
    const table = this.#tables.get(name);
    if (table) this.#tables.set(name, { ...table, state, reason, rows: rows ?? table.rows });
  }

  get progress(): OnDemandProgress | null {
    if (this.#tables.size === 0) return null;
    const tables = [...this.#tables.values()];
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const seconds = ((this.#endedAtMs ?? this.#nowMs()) - this.#startedAtMs) / 1000;
    return {
      id: this.#id,
      state: this.#endedAtMs === null ? 'running' : 'finished',
      tables,
      chunks: 0,
      rows,
      rowsPerSecond: seconds > 0 ? Math.round(rows / seconds) : null,
      startedAtMs: this.#startedAtMs,
      endsAtMs: this.#endedAtMs,
    };
  }
}

/**
 * The statement that selects the rows which a request means of each of its tables: a whole one, as Debezium has it, or made of the condition alone. Where it has
 * neither, what is configured; null: all rows are meant.
 */
export function requestedRows(
  { tables: requested }: BlockingRequest,
  tables: readonly { readonly id: TableId }[],
  quote: (id: TableId) => string,
  configured: (name: string) => string | null,
): (name: string) => string | null {
  const statements = new Map<string, string>();
  for (const { id } of tables) {
    const name = qualifiedName(id);
    const filter = requested.find(table => table.name === name)?.filter ?? null;
    if (filter !== null) statements.set(name, /^\s*select\b/i.test(filter) ? filter : `SELECT * FROM ${quote(id)} WHERE ${filter}`);
  }
  return name => statements.get(name) ?? configured(name);
}

/** Of two snapshots on demand the one that began last. */
export function latestProgress(one: OnDemandProgress | null, other: OnDemandProgress | null): OnDemandProgress | null {
  if (one === null || other === null) return one ?? other;
  return other.startedAtMs >= one.startedAtMs ? other : one;
}
