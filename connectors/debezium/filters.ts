import { type Logger, SluiceError } from '../../src/contract/index.ts';
import type { Pattern, PatternList } from './patterns.ts';
import type { ColumnDefinition, TableId } from './table.ts';
import { qualifiedName } from './table-name.ts';

/** The include and exclude lists. Of each pair one at most is set. */
export type FilterSettings = {
  /** `schema.include.list` and `schema.exclude.list`, or `database.include.list` and its counterpart where there are no schemas. */
  readonly containers: {
    readonly kind: 'schema' | 'database';
    readonly include: PatternList | null;
    readonly exclude: PatternList | null;
  };
  /** `table.include.list`: `schema.table`. */
  readonly tableInclude: PatternList | null;
  readonly tableExclude: PatternList | null;
  /** `column.include.list`: `schema.table.column`. */
  readonly columnInclude: PatternList | null;
  readonly columnExclude: PatternList | null;
  /** `table.ignore.builtin`: the database's own tables are never captured. */
  readonly ignoreBuiltin: boolean;
  /** `signal.data.collection`, as `schema.table`: captured whatever the lists say; null: none. */
  readonly signalTable: string | null;
  /** `snapshot.include.collection.list`: which of the captured tables a snapshot reads; null: all. */
  readonly snapshotInclude: PatternList | null;
};

/** A pattern of an include list that matches no table. */
export type UnmatchedPattern = { readonly option: string; readonly pattern: string };

function allows(include: PatternList | null, exclude: PatternList | null, name: string): boolean {
  if (include !== null) return include.matches(name);
  return exclude === null || !exclude.matches(name);
}

/** The schema a table is in; of a database without schemas, the database. */
function containerOf({ catalog, schema }: TableId): string {
  return schema === '' ? catalog : schema;
}

/** Which tables and columns are captured. Asked once a table version: callers keep the answers. */
export class Filters {
  readonly #settings: FilterSettings;
  readonly #isBuiltin: (id: TableId) => boolean;

  /** `isBuiltin` knows the database's own tables. */
  constructor(settings: FilterSettings, isBuiltin: (id: TableId) => boolean) {
    this.#settings = settings;
    this.#isBuiltin = isBuiltin;
  }

  includesTable(id: TableId): boolean {
    const { tableInclude, tableExclude, ignoreBuiltin, signalTable } = this.#settings;
    const name = qualifiedName(id);
    if (name === signalTable) return true;
    if (ignoreBuiltin && this.#isBuiltin(id)) return false;
    return this.includesContainer(containerOf(id)) && allows(tableInclude, tableExclude, name);
  }

  /** Whether tables of that schema (or database, where there are no schemas) are captured, as far as its own lists say. */
  includesContainer(name: string): boolean {
    const { include, exclude } = this.#settings.containers;
    return allows(include, exclude, name);
  }

  /**
   * Captured tables in the order in which a snapshot reads them: by the pattern of `table.include.list` that matches first, then by name
   * (RelationalSnapshotChangeEventSource.addSignalingCollectionAndSort).
   */
  inSnapshotOrder<Table extends { readonly id: TableId }>(tables: readonly Table[]): readonly Table[] {
    const patterns = this.#settings.tableInclude?.patterns ?? [];
    const places = tables.map(table => {
      const name = qualifiedName(table.id);
      const pattern = patterns.findIndex(({ matches }) => matches(name));
      return { table, name, pattern: pattern < 0 ? patterns.length : pattern };
    });
    places.sort((a, b) => a.pattern - b.pattern || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    return places.map(({ table }) => table);
  }

  /** Whether a snapshot reads a captured table. */
  includesInSnapshot(id: TableId): boolean {
    return this.#settings.snapshotInclude === null || this.#settings.snapshotInclude.matches(qualifiedName(id));
  }

  /** Whether a captured table's rows show a column. Keys have their columns in any case. */
  includesColumn(id: TableId, { name }: Pick<ColumnDefinition, 'name'>): boolean {
    return allows(this.#settings.columnInclude, this.#settings.columnExclude, `${qualifiedName(id)}.${name}`);
  }

  /**
   * Patterns of the include lists that match nothing among all the database's tables: misspelt most likely. `columns` (of the captured
   * tables) may be left out where they are not known.
   */
  unmatched(tables: readonly TableId[], columns: readonly { id: TableId; name: string }[] | null = null): readonly UnmatchedPattern[] {
    const { containers, tableInclude, columnInclude, snapshotInclude, signalTable } = this.#settings;
    const names = [...new Set(tables.map(containerOf))];
    const tableNames = tables.map(qualifiedName);
    const missing = (option: string, list: PatternList | null, names: readonly string[]) =>
      (list?.patterns ?? []).filter(unmatchedBy(names)).map(({ text }) => ({ option, pattern: text }));
    return [
      ...missing(`${containers.kind}.include.list`, containers.include, names),
      ...missing('table.include.list', tableInclude, tableNames),
      ...missing('snapshot.include.collection.list', snapshotInclude, tableNames),
      ...(signalTable === null || tableNames.includes(signalTable) ? [] : [{ option: 'signal.data.collection', pattern: signalTable }]),
      ...(columns === null
        ? []
        : missing(
            'column.include.list',
            columnInclude,
            columns.map(({ id, name }) => `${qualifiedName(id)}.${name}`),
          )),
    ];
  }
}

function unmatchedBy(names: readonly string[]): (pattern: Pattern) => boolean {
  return pattern => !names.some(name => pattern.matches(name));
}

/** `guardrail.collections.max` and `.limit.action`. */
export type Guardrail = {
  /** Tables at most; 0: no limit. */
  readonly tablesMax: number;
  readonly action: 'warn' | 'fail';
};

/** What to say of so many captured tables, and whether it is a fault; null where they are within the limit. */
export function guardrailFinding({ tablesMax, action }: Guardrail, tables: number): { fault: boolean; message: string } | null {
  if (tablesMax === 0 || tables <= tablesMax) return null;
  return {
    fault: action === 'fail',
    message: `${tables} tables are captured, more than guardrail.collections.max=${tablesMax} allows.`,
  };
}

/** Says so, where more tables are captured than was meant. Throws CONFIG_INVALID where that is a fault. */
export function watchGuardrail(guardrail: Guardrail, tables: number, logger: Logger): void {
  const finding = guardrailFinding(guardrail, tables);
  if (finding?.fault)
    throw new SluiceError('CONFIG_INVALID', finding.message, { remedy: 'Narrow the lists, or raise guardrail.collections.max.' });
  if (finding) logger.warn({}, finding.message);
}
