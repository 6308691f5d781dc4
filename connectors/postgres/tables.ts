import type { Logger } from '../../src/contract/index.ts';
import { type CapturedTable, compileTable } from '../debezium/captured-table.ts';
import { withConversionFailures } from '../debezium/conversion-failures.ts';
import type { RecordOptions } from '../debezium/record-options.ts';
import type { TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import type { Catalog, CatalogTable } from './catalog.ts';
import type { CatalogColumn, ColumnReader } from './column.ts';
import type { RelationMessage } from './pgoutput/messages.ts';
import { createColumnReader } from './values/column-reader.ts';
import type { TypeCatalog } from './values/type-catalog.ts';
import type { ValueOptions } from './values/value-options.ts';

/** One version of a table: how to read its rows and what records to make of them. */
export type ReadableTable = {
  readonly captured: CapturedTable;
  /** By the columns as the database sends them; null: a column of an unknown type, left out. */
  readonly readers: readonly (ColumnReader | null)[];
  readonly replicaIdentity: RelationMessage['replicaIdentity'];
};

export type TableSettings = {
  readonly valueOptions: ValueOptions;
  readonly recordOptions: RecordOptions;
  includesTable(id: TableId): boolean;
  inSnapshotOrder<Table extends { readonly id: TableId }>(tables: readonly Table[]): readonly Table[];
};

/** Which tables are captured, and how each is read at the version at hand. */
export class Tables {
  readonly #catalog: Catalog;
  readonly #types: TypeCatalog;
  readonly #settings: TableSettings;
  readonly #logger: Logger;

  constructor(catalog: Catalog, types: TypeCatalog, settings: TableSettings, logger: Logger) {
    this.#catalog = catalog;
    this.#types = types;
    this.#settings = settings;
    this.#logger = logger;
  }

  /** The captured tables as the catalog has them now, in the order of a snapshot. */
  async list(): Promise<readonly CatalogTable[]> {
    const names = await this.#catalog.names();
    const captured = await this.#catalog.tables(names.filter(({ id }) => this.#settings.includesTable(id)).map(({ oid }) => oid));
    return this.#settings.inSnapshotOrder(captured);
  }

  /** A table as the catalog has it. */
  async fromCatalog(table: CatalogTable): Promise<ReadableTable> {
    return this.#compile(table.id, table.columns, table.keyColumns, table.replicaIdentity);
  }

  /**
   * A table as a relation message has it; null where it is not captured. Columns and types are those of the moment of the change; what the
   * message lacks (keys, defaults, NOT NULL) is taken from the catalog as it is now, as Debezium does; at least as the transaction that
   * the message came in left it. Of a table that is gone since, the replica identity's columns are the key, as they were then.
   */
  async fromRelation(relation: RelationMessage, catalogName: string, transactionId: number): Promise<ReadableTable | null> {
    const id = { catalog: catalogName, schema: relation.schema, table: relation.table };
    if (!this.#settings.includesTable(id)) return null;
    await this.#catalog.untilVisible(transactionId);
    const [current] = await this.#catalog.tables([relation.oid]);
    const byName = new Map(current?.columns.map(column => [column.name, column]));
    const lastKey = current ? [] : keyOf(relation);
    const columns = relation.columns.map(({ name, typeOid, typeModifier }): CatalogColumn => {
      const now = byName.get(name);
      return {
        name,
        typeOid,
        typeModifier,
        notNull: now?.notNull ?? lastKey.includes(name),
        // A default of a type that has changed since does not fit the change's own type.
        defaultExpression: now?.typeOid === typeOid ? now.defaultExpression : null,
        generated: now?.generated ?? false,
      };
    });
    const keyColumns = (current?.keyColumns ?? lastKey).filter(name => columns.some(column => column.name === name));
    return this.#compile(id, columns, keyColumns, relation.replicaIdentity);
  }

  async #compile(
    id: TableId,
    columns: readonly CatalogColumn[],
    primaryKey: readonly string[],
    replicaIdentity: RelationMessage['replicaIdentity'],
  ): Promise<ReadableTable> {
    if (columns.some(({ typeOid }) => !this.#types.has(typeOid))) await this.#types.refresh();
    const readers = columns.map(column => createColumnReader(column, this.#types, this.#settings.valueOptions));
    const known = readers.filter(reader => reader !== null);
    const captured = compileTable({ id, columns: known, primaryKey }, this.#settings.recordOptions);
    for (const [index, reader] of readers.entries()) {
      if (reader === null)
        this.#logger.info(
          { table: qualifiedName(id), column: columns[index]!.name },
          'A column of an unknown type is left out (include.unknown.datatypes=false)',
        );
    }
    for (const warning of captured.warnings) this.#logger.warn({ table: qualifiedName(id) }, warning);
    const needed = new Set(known.filter((_, index) => captured.neededColumns[index]));
    const mode = this.#settings.valueOptions.conversionFailureMode;
    const shown = (reader: ColumnReader) => withConversionFailures(reader, qualifiedName(id), mode, this.#logger);
    return {
      captured,
      readers: readers.map(reader => (reader === null ? null : needed.has(reader) ? shown(reader) : unread(reader))),
      replicaIdentity,
    };
  }
}

/** The key that a relation message tells of by itself: the primary key or the index that is its replica identity. */
function keyOf({ replicaIdentity, columns }: RelationMessage): readonly string[] {
  return replicaIdentity === 'full' ? [] : columns.filter(({ key }) => key).map(({ name }) => name);
}

/** A column that no record shows keeps its place in the row and is not decoded. */
function unread(reader: ColumnReader): ColumnReader {
  return { ...reader, read: () => null, whenNull: null, unavailable: null };
}
