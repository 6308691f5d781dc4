import type mysql from 'mysql2/promise';
import type { RowDataPacket } from 'mysql2/promise';
import type { ColumnModel, TableModel } from '../../../connectors/mysql/table-model.ts';

/** A column in words that a model and the server's catalog can both be put in. */
export type ComparableColumn = {
  readonly name: string;
  readonly type: string;
  readonly unsigned: boolean;
  readonly nullable: boolean;
  readonly charset: string | null;
  /** Precision, length or fraction, where the type has one that matters. */
  readonly size: number | null;
  readonly scale: number | null;
  readonly comment: string;
  readonly autoIncremented: boolean;
};

export type ComparableTable = {
  readonly columns: readonly ComparableColumn[];
  readonly primaryKey: readonly string[];
  readonly charset: string | null;
};

/** All tables of a database as information_schema has them. */
export async function catalogTables(connection: mysql.Connection, database: string): Promise<ReadonlyMap<string, ComparableTable>> {
  const select = (sql: string) => connection.query<RowDataPacket[]>(sql, [database]).then(([rows]) => rows);
  const columns = await select('select * from information_schema.columns where table_schema = ? order by table_name, ordinal_position');
  const keys = await select(
    "select table_name as t, column_name as c from information_schema.statistics where table_schema = ? and index_name = 'PRIMARY' order by table_name, seq_in_index",
  );
  const charsets = await select(
    "select t.table_name as t, c.character_set_name as c from information_schema.tables t join information_schema.collations c on c.collation_name = t.table_collation where t.table_schema = ? and table_type = 'BASE TABLE'",
  );
  return new Map(
    charsets.map(({ t, c }) => [
      String(t),
      {
        columns: columns.filter(row => field(row, 'TABLE_NAME') === t).map(catalogColumn),
        primaryKey: keys.filter(key => key['t'] === t).map(key => String(key['c'])),
        charset: utf8mb3(String(c)),
      },
    ]),
  );
}

/** MySQL and MariaDB name the columns of information_schema in upper or in lower case. */
function field(row: RowDataPacket, name: string): unknown {
  return row[name] ?? row[name.toLowerCase()] ?? null;
}

function numberField(row: RowDataPacket, name: string): number | null {
  const value = field(row, name);
  return value === null ? null : Number(value);
}

const lengths = new Set(['char', 'varchar', 'binary', 'varbinary']);
const fractions = new Set(['time', 'datetime', 'timestamp']);

function catalogColumn(row: RowDataPacket): ComparableColumn {
  const type = String(field(row, 'DATA_TYPE'));
  const extra = String(field(row, 'EXTRA')).toLowerCase();
  const counted = extra.includes('auto_increment') || extra.includes('on update');
  const charset = field(row, 'CHARACTER_SET_NAME');
  const size = lengths.has(type)
    ? numberField(row, 'CHARACTER_MAXIMUM_LENGTH')
    : fractions.has(type)
      ? numberField(row, 'DATETIME_PRECISION')
      : type === 'decimal' || type === 'bit'
        ? numberField(row, 'NUMERIC_PRECISION')
        : null;
  return {
    name: String(field(row, 'COLUMN_NAME')),
    type,
    unsigned: / unsigned/.test(String(field(row, 'COLUMN_TYPE'))),
    nullable: field(row, 'IS_NULLABLE') === 'YES' && !counted,
    charset: charset === null ? null : utf8mb3(String(charset)),
    size,
    scale: type === 'decimal' ? numberField(row, 'NUMERIC_SCALE') : null,
    comment: String(field(row, 'COLUMN_COMMENT')),
    autoIncremented: counted,
  };
}

function utf8mb3(charset: string): string {
  const name = charset.toLowerCase();
  return name === 'utf8' ? 'utf8mb3' : name;
}

/** The catalog's names of types, by the words of DDL. */
const catalogNames: ReadonlyMap<string, string> = new Map([
  ...[...['BOOL', 'BOOLEAN', 'INT1'].map(name => [name, 'tinyint'] as const), ['INT2', 'smallint'] as const],
  ...['INT3', 'MIDDLEINT'].map(name => [name, 'mediumint'] as const),
  ...['INTEGER', 'INT4'].map(name => [name, 'int'] as const),
  ['INT8', 'bigint'],
  ...['DEC', 'FIXED', 'NUMERIC'].map(name => [name, 'decimal'] as const),
  ['FLOAT4', 'float'],
  ...['FLOAT8', 'REAL', 'DOUBLE PRECISION'].map(name => [name, 'double'] as const),
  ...['CHARACTER', 'NCHAR', 'NATIONAL CHAR', 'NATIONAL CHARACTER'].map(name => [name, 'char'] as const),
  ...['CHARACTER VARYING', 'CHAR VARYING', 'VARCHARACTER', 'NVARCHAR', 'NATIONAL VARCHAR'].map(name => [name, 'varchar'] as const),
  ...['NATIONAL CHAR VARYING', 'NATIONAL CHARACTER VARYING', 'NCHAR VARCHAR', 'NCHAR VARYING'].map(name => [name, 'varchar'] as const),
  ...['LONG', 'LONG VARCHAR', 'LONG CHAR VARYING'].map(name => [name, 'mediumtext'] as const),
  ['LONG VARBINARY', 'mediumblob'],
  ['GEOMETRYCOLLECTION', 'geomcollection'],
]);

/** A model in the same words. `mariadb`: where a JSON is a LONGTEXT. */
export function comparable(model: TableModel, mariadb: boolean): ComparableTable {
  return {
    columns: model.columns.map(column => comparableColumn(column, mariadb)),
    primaryKey: model.primaryKeyColumnNames,
    charset: model.defaultCharsetName === null ? null : utf8mb3(model.defaultCharsetName),
  };
}

function comparableColumn(column: ColumnModel, mariadb: boolean): ComparableColumn {
  const unsigned = column.typeName.includes('UNSIGNED');
  const bare = column.typeName.replace(/ (UNSIGNED|SIGNED|ZEROFILL|BINARY$)/g, '');
  // A BLOB of a length is the smallest that holds it.
  const blob = bare === 'BLOB' && (column.length ?? 0) > 65_535 ? 'MEDIUMBLOB' : bare;
  const named = catalogNames.get(blob) ?? blob.toLowerCase();
  const type = mariadb && named === 'json' ? 'longtext' : mariadb && named === 'geomcollection' ? 'geometrycollection' : named;
  const charset = column.charsetName === null ? null : utf8mb3(column.charsetName);
  const size = lengths.has(type)
    ? (column.length ?? 1)
    : fractions.has(type)
      ? (column.length ?? 0)
      : type === 'decimal' || type === 'bit'
        ? column.length
        : null;
  return {
    name: column.name,
    type,
    unsigned,
    // AUTO_INCREMENT is NOT NULL without saying so; Debezium takes the statement's word.
    nullable: column.optional && !column.autoIncremented,
    charset: mariadb && column.typeName === 'JSON' ? 'utf8mb4' : charset,
    size,
    scale: type === 'decimal' ? column.scale : null,
    comment: column.comment?.replaceAll("''", "'") ?? '',
    autoIncremented: column.autoIncremented,
  };
}
