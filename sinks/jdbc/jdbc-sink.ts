import { randomUUID } from 'node:crypto';
import {
  type CheckResult,
  type PartitionOffset,
  type PluginContext,
  type Sink,
  type SinkAssignment,
  type SinkBatch,
  type SinkResult,
  SluiceError,
  type TopicPartition,
  toSluiceError,
} from '../../src/contract/index.ts';
import { bisect } from '../sql/bisect.ts';
import { MarkerRetention } from '../sql/marker-retention.ts';
import type { Owner } from '../sql/postgres-offsets.ts';
import { targetError } from '../sql/target-errors.ts';
import { describeTarget } from '../sql/target-url.ts';
import { KnownTables } from './evolution.ts';
import { LateRecords, latestVersions } from './late-records.ts';
import type { JdbcConfig } from './options.ts';
import { PostgresTables } from './postgres-tables.ts';
import { type RecordAction, RecordRows } from './record-rows.ts';
import { currentStates, replayed } from './replayed-states.ts';
import { hasOwnKey, rowGroups } from './row-groups.ts';
import { SqliteTables } from './sqlite-tables.ts';
import type { Tables } from './tables.ts';

const doing = 'Writing the tables';
/** Records that are read into rows at once: while the server writes those before them. */
const actionsAtOnce = 500;

/** Keeps plain tables: upserts and deletes in bulk, in one transaction with the offsets, newer rows only. */
export class JdbcSink implements Sink {
  readonly #config: JdbcConfig;
  readonly #context: PluginContext;
  readonly #tables: Tables;
  readonly #rows: RecordRows;
  readonly #known: KnownTables;
  readonly #markers: MarkerRetention;
  #owner: Owner = { id: randomUUID(), generation: 0 };
  /** Of the last assignment: a replay comes without. */
  #group: string | null = null;
  #prepared = false;
  readonly holdsState: boolean;

  constructor(config: JdbcConfig, context: PluginContext) {
    this.#config = config;
    this.#context = context;
    this.holdsState = hasOwnKey(config);
    const { address } = config;
    const nowMs = () => context.clock.nowMs();
    this.#tables = address.kind === 'sqlite' ? new SqliteTables(address.file, nowMs) : new PostgresTables(address, nowMs);
    this.#markers = new MarkerRetention(config.markerRetentionMs, nowMs, context.logger);
    this.#rows = new RecordRows(config, this.#tables.dialect === 'postgres' ? 'binary' : 'text');
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
      this.#group = assignment.group;
      return offsets;
    });
  }

  async forgetOffsets(group: string, partitions: readonly TopicPartition[] | null, abort: AbortSignal): Promise<void> {
    await this.#tables.transaction('Forgetting offsets', abort, async () => {
      await this.#tables.prepare();
      await this.#tables.drop(group, partitions);
    });
  }

  async write(batch: SinkBatch, abort: AbortSignal): Promise<SinkResult> {
    const failed: { index: number; error: SluiceError }[] = [];
    const actions: RecordAction[] = [];
    for (const [index, record] of batch.records.entries()) {
      try {
        const action = this.#rows.action(record, index);
        if (action !== null) actions.push(action);
      } catch (error) {
        failed.push({ index, error: toSluiceError(error) });
      }
    }
    const { states } = batch;
    try {
      await this.#tables.transaction(doing, abort, async () => {
        if (!this.#prepared) await this.#tables.prepare();
        if (states !== undefined) {
          const current = await currentStates(actions, states, await this.#tables.heldOffsets(states.group));
          const refused = await bisect(current, items => this.#tables.undoable(() => this.#write(items, false, replayed(this.#config))));
          failed.push(...refused.map(({ item, error }) => ({ index: item.index, error })));
          return;
        }
        const { consumed } = batch;
        const late = new LateRecords(this.#tables, this.#config, consumed?.group ?? this.#group);
        await late.load(actions);
        const fresh = late.fresh(actions, batch.mode);
        if (batch.mode === 'replay' && fresh.length < actions.length) this.#passedOver(actions.length - fresh.length);
        if (consumed) await this.#tables.move(consumed, this.#owner, latestVersions(batch.records));
        const refused = await this.#writeAll(fresh, late.tracked || batch.mode === 'replay');
        await late.note(
          fresh,
          refused.map(({ item }) => item),
        );
        failed.push(...refused.map(({ item, error }) => ({ index: item.index, error })));
      });
      this.#prepared = true;
      // A replay's sink beside the live flow leaves that to it.
      if (batch.consumed !== null)
        await this.#markers.prune((beforeMs, max) =>
          this.#tables.transaction('Forgetting deleted rows', abort, () => this.#tables.prune(beforeMs, max)),
        );
    } catch (error) {
      this.#known.forget();
      throw error;
    }
    return { publish: [], failed: failed.sort((a, b) => a.index - b.index) };
  }

  /** Without versions by key first; where a record is refused, all again with them, so that it can come later and be told from what followed it. */
  async #writeAll(actions: readonly RecordAction[], tracked: boolean): Promise<readonly { item: RecordAction; error: SluiceError }[]> {
    const write = (versioned: boolean) => (items: readonly RecordAction[]) => this.#tables.undoable(() => this.#write(items, versioned));
    if (!tracked && actions.length > 0) {
      try {
        await write(false)(actions);
        return [];
      } catch (error) {
        if (!(error instanceof SluiceError) || error.retry !== 'record') throw error;
      }
    }
    return bisect(actions, write(true));
  }

  async #write(actions: readonly RecordAction[], versioned: boolean, config = this.#config): Promise<void> {
    try {
      for (let at = 0; at < actions.length; at += actionsAtOnce) {
        const some = actions.slice(at, at + actionsAtOnce);
        for (const group of await rowGroups(some, config, this.#known, this.#rows, versioned)) {
          if ('truncate' in group) await this.#tables.truncate(group.truncate);
          else await this.#tables.write(group);
        }
      }
      await this.#tables.settle();
    } catch (thrown) {
      // What was made or added within it is undone with it.
      this.#known.forget();
      // What is on its way came first: where that has failed, it is why.
      const reason: unknown = await this.#tables.settle().then(
        () => thrown,
        (first: unknown) => first,
      );
      throw reason instanceof SluiceError ? reason : targetError(reason, doing);
    }
  }

  #passedOver(count: number): void {
    this.#context.logger.info({ count }, `${count} replayed records lie behind what their partitions have reached, and were passed over.`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tables[Symbol.asyncDispose]();
  }
}
