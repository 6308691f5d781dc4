import type { AddedTables } from '../debezium/added-tables.ts';
import type { TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { isPast, type ReachedPlace } from './chunk-view.ts';
import { type CatalogTable, currentPosition, listTables } from './server.ts';
import type { Session } from './session.ts';
import type { MysqlSettings, RecordMakers } from './settings.ts';
import { keyColumnsOf } from './snapshot-key.ts';
import { readSnapshotSchema } from './snapshot-schema.ts';
import type { SnapshotStatement } from './snapshot-statements.ts';

export type NewTablesParts = {
  readonly session: Session;
  readonly settings: Pick<MysqlSettings, 'flavor' | 'snapshot' | 'signals'>;
  readonly makers: Pick<RecordMakers, 'includesTable'>;
  readonly added: AddedTables;
};

/**
 * Tables that were added to the lists since the last start. The binlog has their changes from the stored position on, whatever was captured then, so a chunk that
 * is read from now on lacks nothing. They are asked for once the stream has brought what there was at the start: one whose making it brings is
 * followed from its first row on, and not read. Then, too, the schema history learns of tables that it does not know
 * (`schema.history.internal.store.only.captured.tables.ddl`).
 */
export class NewTables {
  readonly #parts: NewTablesParts;
  /** Where the binlog ended at the start; null: nothing waits for it. */
  #end: Parameters<typeof isPast>[1]['end'] | null = null;
  /** The captured tables that the history does not know, by name, with what makes them as they were then. */
  readonly #unknown = new Map<string, { readonly id: TableId; readonly statement: SnapshotStatement }>();
  /** Those of them whose rows have come. */
  readonly #met = new Set<string>();

  constructor(parts: NewTablesParts) {
    this.#parts = parts;
  }

  /** `all`: this start reads every table, or none. `readsSchema`: it reads the definitions of all. */
  async prepare(all: boolean, readsSchema: boolean): Promise<void> {
    const { session, settings, makers, added } = this.#parts;
    const { snapshot, signals, flavor } = settings;
    const captured = (await listTables(session.client)).filter(({ id }) => makers.includesTable(id));
    const found = captured.map(({ id, rowsEstimated }) => {
      const name = qualifiedName(id);
      const isRead = snapshot.readsNewTables && snapshot.includesTable(id) && name !== signals.table;
      return { name, rowsEstimated: rowsEstimated < 0 ? null : rowsEstimated, isRead };
    });
    const isAdded = new Set(added.find(found, all).map(({ name }) => name));
    const isUnknown = ({ id }: CatalogTable) => !all && !readsSchema && session.schema.models.table(id) === null;
    const keyless: string[] = [];
    for (const table of captured) {
      const { id } = table;
      const name = qualifiedName(id);
      if (!isAdded.has(name) && !isUnknown(table)) continue;
      const statements = await readSnapshotSchema(session.client, [table]);
      const model = session.modelsOf(statements).table(id);
      if (model === null || keyColumnsOf(model) === null) keyless.push(name);
      // The others make its database anew.
      if (isUnknown(table)) this.#unknown.set(name, { id, statement: statements.at(-1)! });
    }
    added.setKeyless(keyless);
    if (!added.waits && this.#unknown.size === 0) return;
    const { file, position, gtids } = await currentPosition(session.client, flavor, session.server);
    this.#end = { file, position, gtids: flavor === 'mariadb' ? gtids : null };
  }

  /** Something waits for the stream to have brought what there was at the start. */
  get waits(): boolean {
    return this.#end !== null;
  }

  /** A table was made. */
  made(id: TableId): void {
    const name = qualifiedName(id);
    this.#unknown.delete(name);
    if (this.#parts.makers.includesTable(id)) this.#parts.added.made(name);
  }

  /** Rows come of a table that the stream may not know: it is taken as it was at the start. */
  meet(id: TableId): void {
    const { models } = this.#parts.session.schema;
    const found = this.#unknown.get(qualifiedName(id));
    if (found === undefined || models.table(id) !== null) return;
    models.apply(found.statement.ddl, found.statement.database);
    this.#met.add(qualifiedName(id));
  }

  /**
   * The stream is between two transactions at this place. Once it has brought what there was at the start, asks for the tables that were added, and
   * answers the statements that are to be recorded.
   */
  at(place: ReachedPlace): readonly SnapshotStatement[] {
    if (this.#end === null || !isPast(place, { end: this.#end })) return [];
    this.#end = null;
    if (this.#parts.added.waits) this.#parts.added.ask();
    const { models } = this.#parts.session.schema;
    const left = [...this.#unknown].filter(([name, { id }]) => this.#met.has(name) || models.table(id) === null);
    this.#unknown.clear();
    return left.map(([, { statement }]) => statement);
  }
}
