import { randomUUID } from 'node:crypto';
import {
  type CheckResult,
  type PartitionOffset,
  type Sink,
  type SinkAssignment,
  type SinkBatch,
  type SinkResult,
  SluiceError,
  toSluiceError,
} from '../../src/contract/index.ts';
import { bisect } from '../sql/bisect.ts';
import type { Owner } from '../sql/postgres-offsets.ts';
import { targetError } from '../sql/target-errors.ts';
import { describeTarget } from '../sql/target-url.ts';
import { KnownTables } from './evolution.ts';
import type { JdbcConfig } from './options.ts';
import { PostgresTables } from './postgres-tables.ts';
import { type RecordAction, RecordRows } from './record-rows.ts';
import { rowGroups } from './row-groups.ts';
import { SqliteTables } from './sqlite-tables.ts';
import type { Tables } from './tables.ts';

const doing = 'Writing the tables';

/** Keeps plain tables: upserts and deletes in bulk, in one transaction with the offsets, newer rows only. */
export class JdbcSink implements Sink {
  readonly #config: JdbcConfig;
  readonly #tables: Tables;
  readonly #rows: RecordRows;
  readonly #known: KnownTables;
  #owner: Owner = { id: randomUUID(), generation: 0 };
  #prepared = false;

  constructor(config: JdbcConfig) {
    this.#config = config;
    const { address } = config;
    this.#tables = address.kind === 'sqlite' ? new SqliteTables(address.file) : new PostgresTables(address);
    this.#rows = new RecordRows(config);
    this.#known = new KnownTables(this.#tables, config);
  }

  async check(abort: AbortSignal): Promise<readonly CheckResult[]> {
    const subject = describeTarget(this.#config.address);
    try {
      await this.#tables.check(abort);
      return [{ subject, status: 'ok', code: null, option: null, message: 'can be reached, and tables can be made', remedy: null }];
    } catch (thrown) {
      const { code, message, remedy } = targetError(thrown, 'Checking the target');
      return [{ subject, status: 'fault', code, option: 'connection.url', message, remedy }];
    }
  }

  async assign(assignment: SinkAssignment, abort: AbortSignal): Promise<readonly PartitionOffset[]> {
    const owner = { id: randomUUID(), generation: assignment.generation };
    return this.#tables.transaction('Taking over the tables', abort, async () => {
      await this.#tables.prepare();
      const offsets = await this.#tables.assign(assignment, owner.id);
      this.#prepared = true;
      this.#owner = owner;
      return offsets;
    });
  }

  async write(batch: SinkBatch, abort: AbortSignal): Promise<SinkResult> {
    const { records, consumed } = batch;
    const failed: { index: number; error: SluiceError }[] = [];
    const actions: RecordAction[] = [];
    for (const [index, record] of records.entries()) {
      try {
        const action = this.#rows.action(record, index);
        if (action !== null) actions.push(action);
      } catch (error) {
        failed.push({ index, error: toSluiceError(error) });
      }
    }
    try {
      await this.#tables.transaction(doing, abort, async () => {
        if (!this.#prepared) await this.#tables.prepare();
        const fresh = await this.#fresh(actions, batch);
        if (consumed) await this.#tables.move(consumed, this.#owner);
        for (const { item, error } of await bisect(fresh, items => this.#tables.undoable(() => this.#write(items))))
          failed.push({ index: item.index, error });
      });
      this.#prepared = true;
    } catch (error) {
      this.#known.forget();
      throw error;
    }
    return { publish: [], failed: failed.sort((a, b) => a.index - b.index) };
  }

  /** What has no version of its own (rows without key, truncations) is done once: it must lie behind the offsets of the target. */
  async #fresh(actions: readonly RecordAction[], { consumed }: SinkBatch): Promise<readonly RecordAction[]> {
    const { keyMode } = this.#config;
    const once = ({ kind }: RecordAction) => keyMode === 'none' || kind === 'truncate';
    if (!actions.some(once)) return actions;
    if (consumed === null) return actions.filter(action => !once(action));
    const offsets = await this.#tables.offsets(consumed.group);
    const next = new Map(offsets.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]));
    return actions.filter(action => {
      const { topic, partition, offset } = action.record.place;
      return !once(action) || offset >= (next.get(`${topic}-${partition}`) ?? 0n);
    });
  }

  async #write(actions: readonly RecordAction[]): Promise<void> {
    try {
      for (const group of await rowGroups(actions, this.#config, this.#known, this.#rows)) {
        if ('truncate' in group) await this.#tables.truncate(group.truncate);
        else await this.#tables.write(group);
      }
    } catch (thrown) {
      // What was made or added within it is undone with it.
      this.#known.forget();
      throw thrown instanceof SluiceError ? thrown : targetError(thrown, doing);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tables[Symbol.asyncDispose]();
  }
}
