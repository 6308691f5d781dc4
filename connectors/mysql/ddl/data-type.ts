import { jdbcTypes } from '../table-model.ts';
import { acceptCharset, acceptCollation, charsetOfCollation } from './charsets.ts';
import type { TokenCursor } from './cursor.ts';
import type { DdlDialect } from './dialect.ts';
import type { DataType } from './statement.ts';

/** What a first word of a type leads to. `length`, `scale`: where the DDL gives none. `numeric`: takes UNSIGNED and the like. */
type TypeEntry = {
  readonly jdbcType: number;
  readonly length?: number;
  readonly scale?: number;
  readonly numeric?: boolean;
  readonly charset?: boolean;
};

const integer = (jdbcType: number): TypeEntry => ({ jdbcType, numeric: true });
const decimal = (jdbcType: number): TypeEntry => ({ jdbcType, numeric: true, length: 10, scale: 0 });
const text: TypeEntry = { jdbcType: jdbcTypes.VARCHAR, charset: true };
const blob: TypeEntry = { jdbcType: jdbcTypes.BLOB };
const other: TypeEntry = { jdbcType: jdbcTypes.OTHER };

/** As Debezium's parsers register them (MySqlAntlrDdlParser.initializeDataTypeResolver, and MariaDB's). */
const types: ReadonlyMap<string, TypeEntry> = new Map<string, TypeEntry>([
  ...['TINYINT', 'INT1', 'SMALLINT', 'INT2'].map(name => [name, integer(jdbcTypes.SMALLINT)] as const),
  ...['MEDIUMINT', 'INT3', 'MIDDLEINT', 'INT', 'INTEGER', 'INT4'].map(name => [name, integer(jdbcTypes.INTEGER)] as const),
  ...['BIGINT', 'INT8'].map(name => [name, integer(jdbcTypes.BIGINT)] as const),
  ['REAL', integer(jdbcTypes.REAL)],
  ...['DOUBLE', 'FLOAT8'].map(name => [name, integer(jdbcTypes.DOUBLE)] as const),
  ...['FLOAT', 'FLOAT4'].map(name => [name, integer(jdbcTypes.FLOAT)] as const),
  ...['DECIMAL', 'DEC', 'FIXED'].map(name => [name, decimal(jdbcTypes.DECIMAL)] as const),
  ...['NUMERIC', 'NUMBER'].map(name => [name, decimal(jdbcTypes.NUMERIC)] as const),
  ['BIT', { jdbcType: jdbcTypes.BIT, length: 1 }],
  ...['BOOL', 'BOOLEAN'].map(name => [name, { jdbcType: jdbcTypes.BOOLEAN }] as const),
  ...['CHAR', 'CHARACTER'].map(name => [name, { jdbcType: jdbcTypes.CHAR, charset: true }] as const),
  ...['VARCHAR', 'VARCHARACTER', 'VARCHAR2'].map(name => [name, text] as const),
  ...['TINYTEXT', 'TEXT', 'MEDIUMTEXT', 'LONGTEXT', 'CLOB'].map(name => [name, text] as const),
  ...['NVARCHAR'].map(name => [name, { jdbcType: jdbcTypes.NVARCHAR, charset: true }] as const),
  ...['NCHAR', 'NATIONAL'].map(name => [name, { jdbcType: jdbcTypes.NCHAR, length: 1, charset: true }] as const),
  ['BINARY', { jdbcType: jdbcTypes.BINARY }],
  ...['VARBINARY', 'RAW'].map(name => [name, { jdbcType: jdbcTypes.VARBINARY }] as const),
  ...['TINYBLOB', 'BLOB', 'MEDIUMBLOB', 'LONGBLOB'].map(name => [name, blob] as const),
  ['LONG', text],
  ['YEAR', integer(jdbcTypes.INTEGER)],
  ['DATE', { jdbcType: jdbcTypes.DATE }],
  ['TIME', { jdbcType: jdbcTypes.TIME }],
  ['TIMESTAMP', { jdbcType: jdbcTypes.TIMESTAMP_WITH_TIMEZONE }],
  ['DATETIME', { jdbcType: jdbcTypes.TIMESTAMP }],
  ...['ENUM', 'SET'].map(name => [name, { jdbcType: jdbcTypes.CHAR, charset: true }] as const),
  ['SERIAL', { jdbcType: jdbcTypes.BIGINT }],
  ...['JSON', 'VECTOR', 'UUID', 'INET4', 'INET6', 'XMLTYPE'].map(name => [name, other] as const),
  ...['GEOMETRY', 'POINT', 'LINESTRING', 'POLYGON', 'MULTIPOINT', 'MULTILINESTRING', 'MULTIPOLYGON'].map(name => [name, other] as const),
  ...['GEOMETRYCOLLECTION', 'GEOMCOLLECTION'].map(name => [name, other] as const),
]);

/** What may follow these first words, as one type with them: the longest first. */
const followers: Readonly<Record<string, readonly (readonly string[])[]>> = {
  DOUBLE: [['PRECISION']],
  CHAR: [['VARYING']],
  CHARACTER: [['VARYING']],
  NCHAR: [['VARCHAR'], ['VARCHARACTER'], ['VARYING']],
  NATIONAL: [['CHAR', 'VARYING'], ['CHARACTER', 'VARYING'], ['CHAR'], ['CHARACTER'], ['VARCHAR'], ['VARCHARACTER']],
  LONG: [['CHAR', 'VARYING'], ['CHARACTER', 'VARYING'], ['VARCHAR'], ['VARCHARACTER'], ['VARBINARY']],
};

function followingWords(cursor: TokenCursor, first: string): readonly string[] {
  return followers[first]?.find(words => cursor.accept(...words)) ?? [];
}

const jdbcLengthMax = 2 ** 31 - 1;

function sizes(cursor: TokenCursor): { length: number | null; scale: number | null } {
  if (!cursor.symbol('(')) return { length: null, scale: null };
  const length = size(cursor);
  const scale = cursor.symbol(',') ? size(cursor) : null;
  // VARCHAR2(10 CHAR), in MariaDB's Oracle mode.
  if (!cursor.symbol(')')) {
    cursor.skipItem();
    cursor.expectSymbol(')');
  }
  return { length, scale };
}

function size(cursor: TokenCursor): number {
  const { kind, raw } = cursor.peek();
  if (kind !== 'number') throw cursor.unexpected('a length');
  cursor.next();
  return Math.min(Math.trunc(Number(raw)), jdbcLengthMax);
}

function literals(cursor: TokenCursor): readonly string[] {
  cursor.expectSymbol('(');
  const values: string[] = [];
  do {
    // An introducer: _latin1'a'.
    if (cursor.peek().kind === 'word') cursor.next();
    const token = cursor.next();
    if (token.kind !== 'text') throw cursor.unexpected('the text of a value');
    values.push(token.raw.startsWith('"') ? `'${token.value.replaceAll("'", "''")}'` : token.raw);
  } while (cursor.symbol(','));
  cursor.expectSymbol(')');
  return values;
}

const numberAttributes = new Set(['SIGNED', 'UNSIGNED', 'ZEROFILL']);

function signedness(cursor: TokenCursor): string {
  let signed = '';
  let zerofill = false;
  for (let word = cursor.acceptAny(numberAttributes); word !== null; word = cursor.acceptAny(numberAttributes)) {
    if (word === 'ZEROFILL') zerofill = true;
    else signed = ` ${word}`;
  }
  return zerofill ? ' UNSIGNED ZEROFILL' : signed;
}

/** Attributes of character types that stand right behind them; COLLATE may also follow among the column's. */
function characterAttributes(cursor: TokenCursor): { charsetName: string | null; binary: boolean } {
  let charsetName: string | null = null;
  let binary = false;
  for (;;) {
    const charset = acceptCharset(cursor);
    if (charset !== null) charsetName = charset;
    else if (cursor.accept('BINARY')) binary = true;
    else if (cursor.accept('ASCII')) charsetName = 'latin1';
    else if (cursor.accept('UNICODE')) charsetName = 'ucs2';
    else if (cursor.accept('BYTE')) charsetName = 'binary';
    else {
      const collation = acceptCollation(cursor);
      if (collation === null) return { charsetName, binary };
      charsetName ??= charsetOfCollation(collation);
    }
  }
}

/** A column's type. Throws DdlSyntaxError where none stands here. */
export function parseDataType(cursor: TokenCursor, dialect: DdlDialect): DataType {
  const first = cursor.name('a data type').toUpperCase();
  // MariaDB writes types of its Oracle mode, and of plugins, with a schema: mariadb_schema.date.
  if (first === 'MARIADB_SCHEMA' && cursor.symbol('.')) return parseDataType(cursor, dialect);
  const entry = types.get(first) ?? other;
  const words = [first, ...followingWords(cursor, first)];
  const varying = words.some(word => word === 'VARYING' || word === 'VARCHAR' || word === 'VARCHARACTER');
  const national = entry.jdbcType === jdbcTypes.NCHAR || entry.jdbcType === jdbcTypes.NVARCHAR;
  let jdbcType = entry.jdbcType;
  if (jdbcType === jdbcTypes.NCHAR && varying) jdbcType = jdbcTypes.NVARCHAR;
  else if (jdbcType === jdbcTypes.CHAR && varying) jdbcType = jdbcTypes.VARCHAR;
  else if (words[1] === 'VARBINARY') jdbcType = jdbcTypes.BLOB;

  if (first === 'ENUM' || first === 'SET') {
    const enumValues = literals(cursor);
    const { charsetName } = characterAttributes(cursor);
    const length = first === 'SET' ? Math.max(0, enumValues.length * 2 - 1) : 1;
    return { jdbcType, typeName: first, length, scale: null, enumValues, charsetName, serial: false };
  }
  if (first === 'SERIAL') {
    return { jdbcType, typeName: 'BIGINT UNSIGNED', length: null, scale: null, enumValues: null, charsetName: null, serial: true };
  }
  const { length, scale } = sizes(cursor);
  const attributes = entry.charset ? characterAttributes(cursor) : { charsetName: null, binary: false };
  const suffix = entry.numeric ? signedness(cursor) : attributes.binary ? ' BINARY' : '';
  // DECIMAL(0) is DECIMAL(10).
  const precision = entry.scale === undefined || length !== 0 ? length : null;
  return {
    jdbcType,
    typeName: words.join(' ') + suffix,
    length: precision ?? (jdbcType === jdbcTypes.NVARCHAR ? null : (entry.length ?? null)),
    scale: scale ?? entry.scale ?? null,
    enumValues: null,
    charsetName: national ? 'utf8' : attributes.charsetName,
    serial: false,
  };
}
