import type { TableId } from '../debezium/table.ts';

/** A statement, and the database it is run in (empty: none). */
export type SnapshotStatement = { readonly database: string; readonly ddl: string };

/** What a snapshot has found of the server. */
export type SnapshotSchema = {
  /** `SHOW VARIABLES WHERE Variable_name IN ('character_set_server', 'collation_server')`. */
  readonly variables: Readonly<Record<string, string>>;
  /** In the order of the snapshot, with what SHOW CREATE TABLE says. */
  readonly tables: readonly { readonly id: TableId; readonly createTable: string }[];
  /** `information_schema.schemata`, by the database's name. */
  readonly locales: ReadonlyMap<string, { readonly charset: string | null; readonly collation: string | null }>;
};

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/**
 * The statements that make the tables anew, as Debezium's snapshot writes them (BinlogSnapshotChangeEventSource.readTableStructure): the
 * server's character set, each table dropped, then each database made again with its tables.
 */
export function snapshotStatements({ variables, tables, locales }: SnapshotSchema): readonly SnapshotStatement[] {
  const settings = Object.keys(variables)
    .sort()
    .map(name => {
      const value = variables[name]!;
      return `${name}=${/[,;]/.test(value) ? `'${value}'` : value}`;
    });
  const databases = [...new Set(tables.map(({ id }) => id.catalog))];
  return [
    { database: '', ddl: `SET ${settings.join(', ')}` },
    ...tables.map(({ id }) => ({ database: id.catalog, ddl: `DROP TABLE IF EXISTS ${quoted(id.catalog)}.${quoted(id.table)}` })),
    ...databases.flatMap(database => {
      const { charset = null, collation = null } = locales.get(database) ?? {};
      const locale = `${charset === null ? '' : ` CHARSET ${charset}`}${collation === null ? '' : ` COLLATE ${collation}`}`;
      return [
        { database, ddl: `DROP DATABASE IF EXISTS ${quoted(database)}` },
        { database, ddl: `CREATE DATABASE ${quoted(database)}${locale}` },
        { database, ddl: `USE ${quoted(database)}` },
        ...tables.filter(({ id }) => id.catalog === database).map(({ createTable }) => ({ database, ddl: createTable })),
      ];
    }),
  ];
}
