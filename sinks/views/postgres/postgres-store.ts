import { randomUUID } from 'node:crypto';
import { type Consumed, type PartitionOffset, type SinkAssignment, SluiceError, type TopicPartition } from '../../../src/contract/index.ts';
import { qualified, quoted } from '../../sql/identifiers.ts';
import { type Owner, PostgresOffsets } from '../../sql/postgres-offsets.ts';
import { type PostgresAddress, PostgresSession } from '../../sql/postgres-session.ts';
import { targetError } from '../../sql/target-errors.ts';
import { applyChanges, type Writers } from '../apply-changes.ts';
import { pruneVersions, removeBaseRows } from '../base-rows.ts';
import { Bookkeeping } from '../bookkeeping.ts';
import type { DefinitionFault, Definitions, ViewDefinition } from '../definition.ts';
import { ledTargets } from '../led.ts';
import { type Active, Migration } from '../migration.ts';
import type { ApplyResult, DifferingKeys, IndexedChange, RemovedRow, Verification, ViewKeyPart, ViewStore } from '../store.ts';
import { checkViews } from './check-views.ts';
import { TableWriter } from './table-writer.ts';
import { ViewWriter } from './view-writer.ts';

/** Keys are looked up one by one, by the indexes of their ways: what a planner without statistics does else is read whole tables. */
const planning = '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off';

/** Views in Postgres: base rows in a schema of the connector's own, views as tables in another. */
export class PostgresViewStore implements ViewStore {
  readonly #session: PostgresSession;
  readonly #schema: string;
  readonly #viewSchema: string;
  readonly #books: Bookkeeping;
  readonly #migration: Migration;
  readonly #nowMs: () => number;
  #owner: Owner = { id: randomUUID(), generation: 0 };
  #writers: (Writers<string> & { readonly views: ReadonlyMap<ViewDefinition, ViewWriter> }) | null = null;

  constructor(address: PostgresAddress, rowsSchema: string, viewSchema: string, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#schema = rowsSchema;
    this.#viewSchema = viewSchema;
    this.#session = new PostgresSession(address, planning, session =>
      session.script(`set search_path to ${quoted(rowsSchema)}, ${quoted(viewSchema)}, public`),
    );
    this.#books = new Bookkeeping(this.#session, rowsSchema, new PostgresOffsets(this.#session, qualified(rowsSchema, '_offsets')));
    const fill = (view: ViewDefinition, replace: boolean) => new ViewWriter(this.#session, viewSchema, view, []).fill(replace);
    this.#migration = new Migration(this.#session, this.#books, { rows: rowsSchema, views: viewSchema }, fill, nowMs);
  }

  check(definitions: Definitions, abort: AbortSignal): Promise<readonly DefinitionFault[]> {
    return checkViews(this.#session, definitions, abort);
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
      this.#writers = await this.#writersOf(active);
      this.#owner = owner;
      return offsets;
    });
  }

  async joinBeside(definitions: Definitions, abort: AbortSignal): Promise<void> {
    await this.#session.transaction('Joining the views', abort, async () => {
      this.#writers = await this.#writersOf(await this.#migration.asItIs(definitions));
    });
  }

  async forgetOffsets(group: string, partitions: readonly TopicPartition[] | null, abort: AbortSignal): Promise<void> {
    await this.#session.transaction('Forgetting offsets', abort, async () => {
      await this.#books.create();
      await this.#books.offsets.drop(group, partitions);
    });
  }

  async #writersOf(active: Active) {
    const tables = active.tables.map(definition => {
      const targets = ledTargets(definition, active.views);
      const writer = new TableWriter(this.#session, this.#schema, definition, targets, this.#nowMs);
      return [definition.name, { definition, targets, writer }] as const;
    });
    const views = new Map<ViewDefinition, ViewWriter>();
    for (const view of active.views) views.set(view, new ViewWriter(this.#session, this.#viewSchema, view, await this.#keyTypes(view)));
    return { active, tables: new Map(tables), views };
  }

  async #keyTypes(view: ViewDefinition): Promise<string[]> {
    const rows = await this.#session.ask(
      `select attname, format_type(atttypid, null) as type from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
      [qualified(this.#viewSchema, view.name)],
    );
    const types = new Map(rows.map(row => [String(row['attname']), String(row['type'])]));
    return view.key.map(column => types.get(column) ?? 'text');
  }

  async apply(changes: readonly IndexedChange[], consumed: Consumed | null, abort: AbortSignal): Promise<ApplyResult> {
    const writers = this.#writers;
    let settled: Active | null = null;
    const refused = await this.#session.transaction('Writing the views', abort, async () => {
      await this.#books.lock();
      const failed = await applyChanges(writers, changes, consumed, this.#books, work => this.#savepoint(work));
      if (consumed) await this.#books.offsets.move(consumed, this.#owner);
      if (consumed && writers && writers.active.refills.size > 0) settled = await this.#migration.settle(writers.active, consumed.group);
      return failed;
    });
    if (settled !== null) this.#writers = await this.#writersOf(settled);
    return refused;
  }

  async #savepoint(work: () => Promise<void>): Promise<void> {
    await this.#session.script('savepoint half');
    try {
      await work();
      await this.#session.script('release savepoint half');
    } catch (thrown) {
      const error = targetError(thrown, 'Writing the views');
      if (error.retry === 'record') await this.#session.script('rollback to savepoint half');
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
      await this.#session.script(`set transaction isolation level repeatable read, read only;
        set local enable_seqscan = on; set local enable_hashjoin = on; set local enable_mergejoin = on`);
      return this.#writerOf(view).differing(max);
    });
  }

  async recompute(view: string, keys: readonly (readonly ViewKeyPart[])[], abort: AbortSignal): Promise<void> {
    await this.#session.transaction('Computing the views', abort, async () => {
      await this.#books.lock();
      await this.#writerOf(view).recompute(keys.map(parts => parts.map(String)));
    });
  }

  /** Of a view as it is kept now. */
  #writerOf(view: string) {
    const found = [...(this.#writers?.views ?? [])].find(([{ name }]) => name === view)?.[1];
    if (found === undefined) throw new SluiceError('TARGET_UNAVAILABLE', `The view ${view} has not been made yet.`);
    return found;
  }

  async verify(definitions: Definitions, views: readonly string[], abort: AbortSignal): Promise<readonly Verification[]> {
    return this.#session.transaction('Verifying the views', abort, async () => {
      await this.#session.script(`set transaction isolation level repeatable read, read only;
        set local enable_seqscan = on; set local enable_hashjoin = on; set local enable_mergejoin = on`);
      const found: Verification[] = [];
      for (const view of definitions.views.filter(({ name }) => views.includes(name)))
        found.push({ view: view.name, ...(await new ViewWriter(this.#session, this.#viewSchema, view, []).verify()) });
      return found;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
