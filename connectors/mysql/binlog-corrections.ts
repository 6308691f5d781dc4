import { columnTypes } from './binlog/event-types.ts';
import type { BinlogColumn } from './binlog/table-map.ts';
import { binaryCollation, enumLiterals, quotedLiteral } from './literals.ts';
import type { TextReading } from './reconcile.ts';
import type { ColumnModel } from './table-model.ts';

const {
  TINY,
  SHORT,
  INT24,
  LONG,
  LONGLONG,
  NEWDECIMAL,
  FLOAT,
  DOUBLE,
  BIT,
  STRING,
  VARCHAR,
  VAR_STRING,
  BLOB,
  TINY_BLOB,
  MEDIUM_BLOB,
  LONG_BLOB,
  ENUM,
  SET,
  JSON: JSON_COLUMN,
  GEOMETRY,
  VECTOR,
  DATE,
  NEWDATE,
  TIME,
  TIME2,
  DATETIME,
  DATETIME2,
  TIMESTAMP,
  TIMESTAMP2,
  YEAR,
  MARIADB_BLOB_COMPRESSED,
  MARIADB_VARCHAR_COMPRESSED,
} = columnTypes;

const blobs = [BLOB, TINY_BLOB, MEDIUM_BLOB, LONG_BLOB, MARIADB_BLOB_COMPRESSED];
const varying = [VARCHAR, VAR_STRING, MARIADB_VARCHAR_COMPRESSED];

/** As what the types of DDL stand in the binlog, by the first word of their names. A type that is not listed may stand as any. */
const binlogTypes: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...['TINYINT', 'INT1', 'BOOL', 'BOOLEAN'].map(name => [name, [TINY]] as const),
  ...['SMALLINT', 'INT2'].map(name => [name, [SHORT]] as const),
  ...['MEDIUMINT', 'INT3', 'MIDDLEINT'].map(name => [name, [INT24]] as const),
  ...['INT', 'INTEGER', 'INT4'].map(name => [name, [LONG]] as const),
  ...['BIGINT', 'INT8'].map(name => [name, [LONGLONG]] as const),
  ...['DECIMAL', 'DEC', 'FIXED', 'NUMERIC', 'NUMBER'].map(name => [name, [NEWDECIMAL]] as const),
  // FLOAT(25) is a DOUBLE, REAL is a FLOAT where sql_mode says so.
  ...['FLOAT', 'FLOAT4', 'DOUBLE', 'FLOAT8', 'REAL'].map(name => [name, [FLOAT, DOUBLE]] as const),
  ['BIT', [BIT]],
  ...['CHAR', 'CHARACTER', 'NCHAR', 'NATIONAL', 'BINARY'].map(name => [name, [STRING, ...varying]] as const),
  ...['VARCHAR', 'VARCHARACTER', 'VARCHAR2', 'NVARCHAR', 'VARBINARY', 'RAW'].map(name => [name, [STRING, ...varying, ...blobs]] as const),
  ...['TINYTEXT', 'TEXT', 'MEDIUMTEXT', 'LONGTEXT', 'CLOB', 'TINYBLOB', 'BLOB', 'MEDIUMBLOB', 'LONGBLOB', 'LONG'].map(
    name => [name, [...blobs, ...varying]] as const,
  ),
  ['ENUM', [ENUM]],
  ['SET', [SET]],
  // MariaDB's JSON is a LONGTEXT.
  ['JSON', [JSON_COLUMN, ...blobs]],
  ...[
    'GEOMETRY',
    'POINT',
    'LINESTRING',
    'POLYGON',
    'MULTIPOINT',
    'MULTILINESTRING',
    'MULTIPOLYGON',
    'GEOMETRYCOLLECTION',
    'GEOMCOLLECTION',
  ].map(name => [name, [GEOMETRY, ...blobs]] as const),
  ['VECTOR', [VECTOR, ...varying]],
  ['DATE', [DATE, NEWDATE]],
  ['TIME', [TIME, TIME2]],
  ['DATETIME', [DATETIME, DATETIME2]],
  ['TIMESTAMP', [TIMESTAMP, TIMESTAMP2]],
  ['YEAR', [YEAR]],
]);

function firstWord(typeName: string): string {
  const space = typeName.indexOf(' ');
  return space < 0 ? typeName : typeName.slice(0, space);
}

/** Whether a column of DDL can be the one whose values the binlog holds. */
export function fitsBinlog(model: ColumnModel, column: BinlogColumn): boolean {
  const types = binlogTypes.get(firstWord(model.typeName));
  if (types !== undefined && !types.includes(column.type)) return false;
  if (column.collation === null || column.type === ENUM || column.type === SET) return true;
  // Texts and bytes stand alike, but for the collation.
  const binary = column.collation === binaryCollation;
  if (model.charsetName !== null) return !binary || model.charsetName.toLowerCase() === 'binary';
  return binary || !/BINARY|BLOB/.test(model.typeName);
}

/** A fitting column with what the binlog knows better; the same object where they agree. `doubtful`: also what DDL usually says right. */
export function correctedColumn(
  model: ColumnModel,
  column: BinlogColumn,
  position: number,
  reading: TextReading,
  doubtful: boolean,
): ColumnModel {
  const typeName = signedName(model.typeName, column.unsigned);
  const corrected: ColumnModel = {
    ...model,
    position,
    typeName,
    typeExpression: typeName === model.typeName ? model.typeExpression : typeName,
    charsetName: correctedCharset(model, column, reading),
    ...correctedSizes(model, column),
    // What the DDL takes for NOT NULL and is not could not be published.
    optional: doubtful ? column.nullable : model.optional || column.nullable,
    enumValues: correctedMembers(model, column, reading),
  };
  const same = (Object.keys(model) as (keyof ColumnModel)[]).every(key => model[key] === corrected[key]);
  return same ? model : corrected;
}

function signedName(typeName: string, unsigned: boolean | null): string {
  if (unsigned === null || unsigned === typeName.includes('UNSIGNED') || firstWord(typeName) === 'YEAR') return typeName;
  return unsigned ? `${typeName.replace(' SIGNED', '')} UNSIGNED` : typeName.replace(' UNSIGNED', '').replace(' ZEROFILL', '');
}

function correctedCharset(model: ColumnModel, { collation }: BinlogColumn, reading: TextReading): string | null {
  if (model.charsetName === null || collation === null) return model.charsetName;
  const charset = reading.charsetOf(collation);
  return charset === null || canonical(charset) === canonical(model.charsetName) ? model.charsetName : charset;
}

/** `utf8` has been the name of utf8mb3. */
function canonical(charsetName: string): string {
  const name = charsetName.toLowerCase();
  return name === 'utf8' ? 'utf8mb3' : name;
}

function correctedSizes(model: ColumnModel, column: BinlogColumn): Pick<ColumnModel, 'length' | 'scale'> {
  switch (column.type) {
    case NEWDECIMAL:
      return { length: column.size, scale: column.scale };
    case BIT:
      return { length: column.size, scale: model.scale };
    case TIME2:
    case DATETIME2:
    case TIMESTAMP2:
      return { length: (model.length ?? 0) === column.size ? model.length : column.size, scale: model.scale };
    default:
      return { length: model.length, scale: model.scale };
  }
}

function correctedMembers(model: ColumnModel, column: BinlogColumn, reading: TextReading): readonly string[] | null {
  if (column.members === null) return model.enumValues;
  const charset = column.collation === null ? model.charsetName : reading.charsetOf(column.collation);
  const members = column.members.map(bytes => reading.decode(bytes, charset));
  const known = enumLiterals(model.enumValues ?? []);
  const same = known.length === members.length && members.every((member, index) => member === known[index]);
  return same ? model.enumValues : members.map(quotedLiteral);
}
