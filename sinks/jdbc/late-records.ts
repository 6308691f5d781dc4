import type { SinkBatch, SinkRecord } from '../../src/contract/index.ts';
import type { JdbcConfig } from './options.ts';
import type { RecordAction } from './record-rows.ts';
import type { RefusedRecord, Tables } from './tables.ts';

const partitionOf = ({ place }: SinkRecord) => `${place.topic}-${place.partition}`;

/** The greatest version of each partition in a batch, by `topic-partition`. */
export function latestVersions(records: readonly SinkRecord[]): ReadonlyMap<string, bigint> {
  const latest = new Map<string, bigint>();
  let last: SinkRecord | null = null;
  for (const record of records) {
    // Mostly the record behind it is of the same partition, and newer.
    if (last !== null && !(isOfSamePartition(last, record) && record.version >= last.version)) note(latest, last);
    last = record;
  }
  if (last !== null) note(latest, last);
  return latest;
}

function note(latest: Map<string, bigint>, record: SinkRecord): void {
  const partition = partitionOf(record);
  if (record.version > (latest.get(partition) ?? -1n)) latest.set(partition, record.version);
}

function isOfSamePartition({ place: one }: SinkRecord, { place: other }: SinkRecord): boolean {
  return one.partition === other.partition && one.topic === other.topic;
}

/**
 * Tells records that were applied before from new ones (invariant 4). The live flow brings each partition in order and its offsets are durable
 * with the rows, so what is not beyond the version reached there has been applied, unless it was refused then. What comes beside the live flow
 * is compared by the version of its key, and from the first such record on the live flow is as well.
 */
export class LateRecords {
  readonly #tables: Tables;
  readonly #config: JdbcConfig;
  readonly #group: string | null;
  #reached: ReadonlyMap<string, bigint> = new Map();
  #refused: ReadonlySet<string> = new Set();
  /** The record asked for last, and the version that its partition has reached. */
  #last: { readonly record: SinkRecord; readonly reached: bigint | null } | null = null;
  #noneIsReached = false;
  /** Whether versions are kept by key by now. */
  tracked = false;

  constructor(tables: Tables, config: JdbcConfig, group: string | null) {
    this.#tables = tables;
    this.#config = config;
    this.#group = group;
  }

  /** Part of the batch's transaction, before its offsets are moved. */
  async load(actions: readonly RecordAction[]): Promise<void> {
    const { reached, tracked } = await this.#tables.state(this.#group);
    this.#reached = new Map(reached.map(({ topic, partition, version }) => [`${topic}-${partition}`, version]));
    this.tracked = this.#config.tracking === 'key' || tracked;
    const late = actions.filter(action => this.#isReached(action));
    this.#noneIsReached = late.length === 0;
    if (late.length > 0) this.#refused = await this.#tables.refused(late.map(({ record }) => record.version));
  }

  #isReached({ record }: RecordAction): boolean {
    if (this.#last === null || !isOfSamePartition(this.#last.record, record))
      this.#last = { record, reached: this.#reached.get(partitionOf(record)) ?? null };
    const { reached } = this.#last;
    return reached !== null && record.version <= reached;
  }

  /** Those that are still to be written. */
  fresh(actions: readonly RecordAction[], mode: SinkBatch['mode']): readonly RecordAction[] {
    if (mode === 'live' && this.#noneIsReached) return actions;
    return actions.filter(action => this.#isFresh(action, mode));
  }

  #isFresh(action: RecordAction, mode: SinkBatch['mode']): boolean {
    // What has no version of its own is done once, in the live flow.
    const once = action.kind === 'truncate' || this.#config.keyMode === 'none';
    if (once && mode === 'replay') return this.#refused.has(nameOf(action));
    if (!once && this.#config.tracking === 'key') return true;
    return !this.#isReached(action) || this.#refused.has(nameOf(action));
  }

  /** Keeps in mind what is refused now, and forgets what no longer is. Part of the batch's transaction. */
  async note(written: readonly RecordAction[], refused: readonly RecordAction[]): Promise<void> {
    if (refused.length === 0 && this.#refused.size === 0) return;
    const again = written.filter(action => this.#refused.has(nameOf(action)) && !refused.includes(action));
    if (refused.length > 0 || again.length > 0) await this.#tables.noteRefused(refused.map(placeOf), again.map(placeOf));
  }
}

function placeOf({ record }: RecordAction): RefusedRecord {
  return { topic: record.place.topic, partition: record.place.partition, version: record.version };
}

function nameOf({ record }: RecordAction): string {
  return `${partitionOf(record)}@${record.version}`;
}
