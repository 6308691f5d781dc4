import { columnTypes } from './binlog/event-types.ts';
import type { BinlogColumn } from './binlog/table-map.ts';
import { binaryCollation, quotedLiteral } from './literals.ts';
import type { TextReading } from './reconcile.ts';
import { type ColumnModel, jdbcTypes } from './table-model.ts';

type Type = Pick<ColumnModel, 'typeName' | 'jdbcType'> & Partial<Pick<ColumnModel, 'length' | 'scale'>>;

/** Bytes of a character at most, which the binlog's lengths count in; of other character sets 1. */
const characterBytes: ReadonlyMap<string, number> = new Map([
  ...['utf8mb4', 'utf16', 'utf16le', 'utf32', 'gb18030'].map(name => [name, 4] as const),
  ...['utf8', 'utf8mb3', 'ujis', 'eucjpms'].map(name => [name, 3] as const),
  ...['ucs2', 'gbk', 'gb2312', 'big5', 'sjis', 'cp932', 'euckr'].map(name => [name, 2] as const),
]);

const geometryNames = [
  ...['GEOMETRY', 'POINT', 'LINESTRING', 'POLYGON', 'MULTIPOINT', 'MULTILINESTRING', 'MULTIPOLYGON', 'GEOMETRYCOLLECTION'],
];
const textNames = ['TINYTEXT', 'TEXT', 'MEDIUMTEXT', 'LONGTEXT'];
const blobNames = ['TINYBLOB', 'BLOB', 'MEDIUMBLOB', 'LONGBLOB'];

/** A column as far as FULL metadata describes it: all but its default, its comment and the exact word of its type. */
export function columnFromBinlog(column: BinlogColumn, position: number, reading: TextReading): ColumnModel {
  const { collation, members } = column;
  const binary = collation === null || collation === binaryCollation;
  const enumerated = column.type === columnTypes.ENUM || column.type === columnTypes.SET;
  const charsetName = collation === null || (binary && !enumerated) ? null : reading.charsetOf(collation);
  const type = typeOf(column, binary, charsetName);
  const typeName = column.unsigned === true && column.type !== columnTypes.YEAR ? `${type.typeName} UNSIGNED` : type.typeName;
  return {
    name: column.name!,
    jdbcType: type.jdbcType,
    nativeType: null,
    typeName,
    typeExpression: typeName,
    charsetName,
    length: type.length ?? null,
    scale: type.scale ?? null,
    position,
    optional: column.nullable,
    autoIncremented: false,
    generated: false,
    comment: null,
    hasDefaultValue: column.nullable,
    defaultValueExpression: null,
    enumValues: members?.map(bytes => quotedLiteral(reading.decode(bytes, charsetName))) ?? null,
  };
}

function typeOf(column: BinlogColumn, binary: boolean, charsetName: string | null): Type {
  const { size, scale } = column;
  const characters = Math.floor(size / (characterBytes.get(charsetName ?? '') ?? 1));
  const fraction = size === 0 ? null : size;
  switch (column.type) {
    case columnTypes.TINY:
      return { typeName: 'TINYINT', jdbcType: jdbcTypes.SMALLINT };
    case columnTypes.SHORT:
      return { typeName: 'SMALLINT', jdbcType: jdbcTypes.SMALLINT };
    case columnTypes.INT24:
      return { typeName: 'MEDIUMINT', jdbcType: jdbcTypes.INTEGER };
    case columnTypes.LONG:
      return { typeName: 'INT', jdbcType: jdbcTypes.INTEGER };
    case columnTypes.LONGLONG:
      return { typeName: 'BIGINT', jdbcType: jdbcTypes.BIGINT };
    case columnTypes.NEWDECIMAL:
      return { typeName: 'DECIMAL', jdbcType: jdbcTypes.DECIMAL, length: size, scale };
    case columnTypes.FLOAT:
      return { typeName: 'FLOAT', jdbcType: jdbcTypes.FLOAT };
    case columnTypes.DOUBLE:
      return { typeName: 'DOUBLE', jdbcType: jdbcTypes.DOUBLE };
    case columnTypes.BIT:
      return { typeName: 'BIT', jdbcType: jdbcTypes.BIT, length: size };
    case columnTypes.DATE:
    case columnTypes.NEWDATE:
      return { typeName: 'DATE', jdbcType: jdbcTypes.DATE };
    case columnTypes.TIME:
    case columnTypes.TIME2:
      return { typeName: 'TIME', jdbcType: jdbcTypes.TIME, length: fraction };
    case columnTypes.DATETIME:
    case columnTypes.DATETIME2:
      return { typeName: 'DATETIME', jdbcType: jdbcTypes.TIMESTAMP, length: fraction };
    case columnTypes.TIMESTAMP:
    case columnTypes.TIMESTAMP2:
      return { typeName: 'TIMESTAMP', jdbcType: jdbcTypes.TIMESTAMP_WITH_TIMEZONE, length: fraction };
    case columnTypes.YEAR:
      return { typeName: 'YEAR', jdbcType: jdbcTypes.INTEGER };
    case columnTypes.STRING:
      if (binary) return { typeName: 'BINARY', jdbcType: jdbcTypes.BINARY, length: size };
      return { typeName: 'CHAR', jdbcType: jdbcTypes.CHAR, length: characters };
    case columnTypes.VARCHAR:
    case columnTypes.VAR_STRING:
    case columnTypes.MARIADB_VARCHAR_COMPRESSED:
      if (binary) return { typeName: 'VARBINARY', jdbcType: jdbcTypes.VARBINARY, length: size };
      return { typeName: 'VARCHAR', jdbcType: jdbcTypes.VARCHAR, length: characters };
    case columnTypes.ENUM:
      return { typeName: 'ENUM', jdbcType: jdbcTypes.CHAR, length: 1 };
    case columnTypes.SET:
      return { typeName: 'SET', jdbcType: jdbcTypes.CHAR, length: Math.max(0, (column.members?.length ?? 0) * 2 - 1) };
    case columnTypes.JSON:
      return { typeName: 'JSON', jdbcType: jdbcTypes.OTHER };
    case columnTypes.GEOMETRY:
      return { typeName: geometryNames[column.geometryType ?? 0] ?? 'GEOMETRY', jdbcType: jdbcTypes.OTHER };
    case columnTypes.VECTOR:
      return { typeName: 'VECTOR', jdbcType: jdbcTypes.OTHER, length: column.vectorDimensions };
    default:
      // The bytes of a length tell the kind of text: 1 to 4.
      if (binary) return { typeName: blobNames[size - 1] ?? 'BLOB', jdbcType: jdbcTypes.BLOB };
      return { typeName: textNames[size - 1] ?? 'TEXT', jdbcType: jdbcTypes.VARCHAR };
  }
}
