import { randomUUID } from 'node:crypto';
import { type Consumed, type PartitionOffset, type SinkAssignment, SluiceError, type TopicPartition } from '../../../src/contract/index.ts';
import { quoted } from '../../sql/identifiers.ts';
import type { Owner } from '../../sql/postgres-offsets.ts';
import { SqliteOffsets } from '../../sql/sqlite-offsets.ts';
import { SqliteSession } from '../../sql/sqlite-session.ts';
import { checkWritable } from '../../sql/sqlite-writable.ts';
import { targetError } from '../../sql/target-errors.ts';
import { applyChanges, type Writers } from '../apply-changes.ts';
import { pruneVersions, removeBaseRows } from '../base-rows.ts';
import { Bookkeeping } from '../bookkeeping.ts';
import type { DefinitionFault, Definitions, ViewDefinition } from '../definition.ts';
import { ledTargets } from '../led.ts';
import { type Active, Migration } from '../migration.ts';
import type { ApplyResult, DifferingKeys, IndexedChange, RemovedRow, Verification, ViewStore } from '../store.ts';
import { checkInMemory } from './sqlite-check.ts';
import { asDatabase } from './sqlite-database.ts';
import { type SqlitePart, SqliteTableWriter } from './sqlite-table-writer.ts';
import { SqliteViewWriter } from './sqlite-view-writer.ts';

/** Views in a SQLite file, beside their base rows: the whole file is the connector's. */
export class SqliteViewStore implements ViewStore {
  readonly #session: SqliteSession;
  readonly #books: Bookkeeping;
  readonly #migration: Migration;
  readonly #nowMs: () => number;
  #owner: Owner = { id: randomUUID(), generation: 0 };
  #writers: (Writers<SqlitePart> & { readonly views: ReadonlyMap<ViewDefinition, SqliteViewWriter> }) | null = null;

  constructor(file: string, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#session = new SqliteSession(file);
    const database = asDatabase(this.#session);
    this.#books = new Bookkeeping(database, null, new SqliteOffsets(this.#session, quoted('_offsets')));
    const fill = (view: ViewDefinition, replace: boolean) => new SqliteViewWriter(this.#session, view).fill(replace);
    this.#migration = new Migration(database, this.#books, { rows: null, views: null }, fill, nowMs);
  }

  async check(definitions: Definitions, abort: AbortSignal): Promise<readonly DefinitionFault[]> {
    abort.throwIfAborted();
    const faults = checkInMemory(definitions);
    await checkWritable(this.#session.file);
    return faults;
  }

  async assign(definitions: Definitions, assignment: SinkAssignment, abort: AbortSignal): Promise<readonly PartitionOffset[]> {
    const owner = { id: randomUUID(), generation: assignment.generation };
    return this.#session.transaction('Taking over the views', abort, async () => {
      await this.#books.create();
      await this.#books.own(assignment);
      // Before the migration: a topic that it wants to be read again begins at 0 then.
      await this.#books.offsets.assign(assignment, owner.id);
      const active = await this.#migration.run(definitions, assignment);
      const offsets = await this.#books.offsets.assign(assignment, owner.id);
      this.#writers = this.#writersOf(active);
      this.#owner = owner;
      return offsets;
    });
  }

  async joinBeside(definitions: Definitions, abort: AbortSignal): Promise<void> {
    await this.#session.transaction('Joining the views', abort, async () => {
      this.#writers = this.#writersOf(await this.#migration.asItIs(definitions));
    });
  }

  async forgetOffsets(group: string, partitions: readonly TopicPartition[] | null, abort: AbortSignal): Promise<void> {
    await this.#session.transaction('Forgetting offsets', abort, async () => {
      await this.#books.create();
      await this.#books.offsets.drop(group, partitions);
    });
  }

  #writersOf(active: Active) {
    this.#session.forgetStatements();
    return {
      active,
      tables: new Map(
        active.tables.map(definition => {
          const targets = ledTargets(definition, active.views);
          return [definition.name, { definition, targets, writer: new SqliteTableWriter(this.#session, definition, targets, this.#nowMs) }];
        }),
      ),
      views: new Map(active.views.map(view => [view, new SqliteViewWriter(this.#session, view)])),
    };
  }

  async apply(changes: readonly IndexedChange[], consumed: Consumed | null, abort: AbortSignal): Promise<ApplyResult> {
    const writers = this.#writers;
    let settled: Active | null = null;
    const refused = await this.#session.transaction('Writing the views', abort, async () => {
      const failed = await applyChanges(writers, changes, consumed, this.#books, work => this.#savepoint(work));
      if (consumed) await this.#books.offsets.move(consumed, this.#owner);
      if (consumed && writers && writers.active.refills.size > 0) settled = await this.#migration.settle(writers.active, consumed.group);
      return failed;
    });
    if (settled !== null) this.#writers = this.#writersOf(settled);
    return refused;
  }

  async #savepoint(work: () => Promise<void>): Promise<void> {
    this.#session.exec('savepoint half');
    try {
      await work();
      this.#session.exec('release half');
    } catch (thrown) {
      const error = targetError(thrown, 'Writing the views');
      if (error.retry === 'record') this.#session.exec('rollback to half; release half');
      throw error;
    }
  }

  async prune(beforeMs: number, max: number, abort: AbortSignal): Promise<number> {
    const writers = this.#writers;
    return this.#session.transaction('Forgetting deleted rows', abort, () => pruneVersions(this.#books, writers, beforeMs, max));
  }

  async removeRows(which: () => Promise<readonly RemovedRow[]>, abort: AbortSignal): Promise<void> {
    const writers = this.#writers;
    const undoable = (work: () => Promise<void>) => this.#savepoint(work);
    await this.#session.transaction('Removing rows', abort, () => removeBaseRows(writers, this.#books, which, undoable));
  }

  async differing(view: string, max: number, abort: AbortSignal): Promise<DifferingKeys> {
    return this.#session.transaction('Comparing the views', abort, async () => {
      return this.#writerOf(view).differing(max);
    });
  }

  async recompute(view: string, keys: readonly (readonly SqlitePart[])[], abort: AbortSignal): Promise<void> {
    await this.#session.transaction('Computing the views', abort, async () => {
      await this.#books.lock();
      await this.#writerOf(view).recompute(keys);
    });
  }

  /** Of a view as it is kept now. */
  #writerOf(view: string) {
    const found = [...(this.#writers?.views ?? [])].find(([{ name }]) => name === view)?.[1];
    if (found === undefined) throw new SluiceError('TARGET_UNAVAILABLE', `The view ${view} has not been made yet.`);
    return found;
  }

  async verify(definitions: Definitions, views: readonly string[], abort: AbortSignal): Promise<readonly Verification[]> {
    return this.#session.transaction('Verifying the views', abort, () =>
      definitions.views
        .filter(({ name }) => views.includes(name))
        .map(view => ({ view: view.name, ...new SqliteViewWriter(this.#session, view).verify() })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session[Symbol.dispose]();
  }
}
