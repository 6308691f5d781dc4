import type { EventCursor } from './cursor.ts';
import { columnTypes } from './event-types.ts';
import { malformed } from './malformed.ts';

/** The optional metadata of a table map, by the table's columns; what was not sent is left out. */
export type TableMetadata = {
  readonly unsigned: readonly (boolean | undefined)[];
  readonly collations: readonly (number | undefined)[];
  readonly names: readonly string[] | null;
  readonly members: readonly (readonly Buffer[] | undefined)[];
  readonly geometryTypes: readonly (number | undefined)[];
  readonly vectorDimensions: readonly (number | undefined)[];
  readonly primaryKey: readonly number[] | null;
  readonly visible: readonly boolean[] | null;
};

/** Table_map_event::Optional_metadata_field_type. */
const fields = {
  SIGNEDNESS: 1,
  DEFAULT_CHARSET: 2,
  COLUMN_CHARSET: 3,
  COLUMN_NAME: 4,
  SET_STR_VALUE: 5,
  ENUM_STR_VALUE: 6,
  GEOMETRY_TYPE: 7,
  SIMPLE_PRIMARY_KEY: 8,
  PRIMARY_KEY_WITH_PREFIX: 9,
  ENUM_AND_SET_DEFAULT_CHARSET: 10,
  ENUM_AND_SET_COLUMN_CHARSET: 11,
  COLUMN_VISIBILITY: 12,
  VECTOR_DIMENSIONALITY: 13,
} as const;

const numericTypes: ReadonlySet<number> = new Set([
  columnTypes.TINY,
  columnTypes.SHORT,
  columnTypes.INT24,
  columnTypes.LONG,
  columnTypes.LONGLONG,
  columnTypes.NEWDECIMAL,
  columnTypes.DECIMAL,
  columnTypes.FLOAT,
  columnTypes.DOUBLE,
  columnTypes.YEAR,
]);

const characterTypes: ReadonlySet<number> = new Set([
  columnTypes.STRING,
  columnTypes.VAR_STRING,
  columnTypes.VARCHAR,
  columnTypes.BLOB,
  columnTypes.MARIADB_BLOB_COMPRESSED,
  columnTypes.MARIADB_VARCHAR_COMPRESSED,
]);

function places(types: readonly number[], fits: (type: number) => boolean): number[] {
  return types.flatMap((type, index) => (fits(type) ? [index] : []));
}

/** One bit a column, the highest of a byte first. */
function bits(cursor: EventCursor, count: number): boolean[] {
  const bytes = cursor.view(Math.min(cursor.left, (count + 7) >> 3));
  return Array.from({ length: count }, (_, index) => (((bytes[index >> 3] ?? 0) >> (7 - (index & 7))) & 1) === 1);
}

/** DEFAULT_CHARSET: a collation for all of them, and pairs for those that have another. */
function defaultCharset(cursor: EventCursor, at: readonly number[], into: (number | undefined)[]): void {
  const usual = cursor.packedInt();
  for (const place of at) into[place] = usual;
  while (cursor.left > 0) {
    const place = at[cursor.packedInt()];
    const collation = cursor.packedInt();
    if (place === undefined) throw malformed('a character set for a column that its table does not have');
    into[place] = collation;
  }
}

/** COLUMN_CHARSET: one after the other. */
function columnCharsets(cursor: EventCursor, at: readonly number[], into: (number | undefined)[]): void {
  for (const place of at) {
    if (cursor.left === 0) return;
    into[place] = cursor.packedInt();
  }
}

/** Members of each ENUM, or of each SET. */
function members(cursor: EventCursor, at: readonly number[], into: (readonly Buffer[] | undefined)[]): void {
  for (const place of at) {
    if (cursor.left === 0) return;
    const count = cursor.packedInt();
    if (count > 65_535) throw malformed(`an enumeration of ${count} members`);
    // Copies: the table map outlives the bytes it came in.
    into[place] = Array.from({ length: count }, () => Buffer.from(cursor.view(cursor.packedInt())));
  }
}

/** What is left of a table map behind its null bits: fields of type, length, value. Unknown ones are skipped. */
export function readTableMetadata(cursor: EventCursor, types: readonly number[], mariadb = false): TableMetadata {
  const unsigned: (boolean | undefined)[] = [];
  const collations: (number | undefined)[] = [];
  const memberLists: (readonly Buffer[] | undefined)[] = [];
  const geometryTypes: (number | undefined)[] = [];
  const vectorDimensions: (number | undefined)[] = [];
  let names: string[] | null = null;
  let primaryKey: number[] | null = null;
  let visible: boolean[] | null = null;
  const eventEnd = cursor.end;
  const isEnumOrSet = (type: number) => type === columnTypes.ENUM || type === columnTypes.SET;
  // MariaDB's spatial types are BLOBs with a collation (binary) as those have.
  const isCharacter = (type: number) => characterTypes.has(type) || (mariadb && type === columnTypes.GEOMETRY);
  const each = (type: number) => places(types, other => other === type);
  while (cursor.left > 0) {
    const field = cursor.uint8();
    const size = cursor.packedInt();
    const end = cursor.take(size) + size;
    cursor.at = end - size;
    cursor.end = end;
    switch (field) {
      case fields.SIGNEDNESS: {
        const at = places(types, type => numericTypes.has(type));
        for (const [index, value] of bits(cursor, at.length).entries()) unsigned[at[index]!] = value;
        break;
      }
      case fields.DEFAULT_CHARSET:
        defaultCharset(cursor, places(types, isCharacter), collations);
        break;
      case fields.COLUMN_CHARSET:
        columnCharsets(cursor, places(types, isCharacter), collations);
        break;
      case fields.ENUM_AND_SET_DEFAULT_CHARSET:
        defaultCharset(cursor, places(types, isEnumOrSet), collations);
        break;
      case fields.ENUM_AND_SET_COLUMN_CHARSET:
        columnCharsets(cursor, places(types, isEnumOrSet), collations);
        break;
      case fields.COLUMN_NAME:
        names = types.map(() => cursor.text(cursor.packedInt()));
        break;
      case fields.SET_STR_VALUE:
        members(cursor, each(columnTypes.SET), memberLists);
        break;
      case fields.ENUM_STR_VALUE:
        members(cursor, each(columnTypes.ENUM), memberLists);
        break;
      case fields.GEOMETRY_TYPE:
        for (const place of each(columnTypes.GEOMETRY)) if (cursor.left > 0) geometryTypes[place] = cursor.packedInt();
        break;
      case fields.VECTOR_DIMENSIONALITY:
        for (const place of each(columnTypes.VECTOR)) if (cursor.left > 0) vectorDimensions[place] = cursor.packedInt();
        break;
      case fields.SIMPLE_PRIMARY_KEY:
        primaryKey = [];
        while (cursor.left > 0) primaryKey.push(cursor.packedInt());
        break;
      case fields.PRIMARY_KEY_WITH_PREFIX:
        primaryKey = [];
        while (cursor.left > 0) {
          primaryKey.push(cursor.packedInt());
          cursor.packedInt(); // the prefix' length
        }
        break;
      case fields.COLUMN_VISIBILITY:
        visible = bits(cursor, types.length);
        break;
      default:
    }
    cursor.at = end;
    cursor.end = eventEnd;
  }
  if (primaryKey?.some(place => place >= types.length)) throw malformed('a key of columns that its table does not have');
  // FULL metadata of a table without primary key has no field for it.
  if (names !== null) primaryKey ??= [];
  return { unsigned, collations, names, members: memberLists, geometryTypes, vectorDimensions, primaryKey, visible };
}
