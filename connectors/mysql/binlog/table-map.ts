import type { EventCursor } from './cursor.ts';
import { columnTypes } from './event-types.ts';
import { malformed } from './malformed.ts';
import { readTableMetadata } from './table-map-metadata.ts';

/** A column as a table map describes it. What only the optional metadata holds is null where the server did not send it. */
export type BinlogColumn = {
  /** One of `columnTypes`; ENUM, SET and STRING already told apart. */
  readonly type: number;
  /**
   * By type: of VARCHAR, STRING its length in bytes; of ENUM and SET the bytes of a value; of BLOB, JSON, GEOMETRY, VECTOR, FLOAT and DOUBLE
   * the bytes of a length or value; of BIT its bits; of TIME2, DATETIME2, TIMESTAMP2 the fraction's digits; of NEWDECIMAL the precision.
   */
  readonly size: number;
  /** Of NEWDECIMAL; 0 elsewhere. */
  readonly scale: number;
  readonly nullable: boolean;
  /** With MINIMAL metadata too (MySQL 8, MariaDB 10.5); null: not sent, or not a number. */
  readonly unsigned: boolean | null;
  /** The number of the collation, of character columns, ENUM and SET. Binary columns have 63. With MINIMAL metadata too, without ENUM and SET. */
  readonly collation: number | null;
  /** From here on: with FULL metadata only. */
  readonly name: string | null;
  /** Of ENUM and SET, in the column's own character set: bytes. */
  readonly members: readonly Buffer[] | null;
  /** 0 geometry, 1 point, 2 linestring, 3 polygon, 4 multipoint, 5 multilinestring, 6 multipolygon, 7 collection. */
  readonly geometryType: number | null;
  readonly vectorDimensions: number | null;
  /** MySQL only. */
  readonly visible: boolean | null;
};

/**
 * A table as the row events that follow refer to it. The same bytes give the same object as long as the decoder lives, so that what is
 * compiled from it may be cached by its identity.
 */
export type TableMap = {
  readonly tableId: number;
  readonly database: string;
  readonly table: string;
  readonly columns: readonly BinlogColumn[];
  /** Places of the primary key's columns, in the key's order; null: not sent (MINIMAL metadata). */
  readonly primaryKey: readonly number[] | null;
  /** The column names (and the rest of FULL metadata) were sent. */
  readonly full: boolean;
};

/** What a type's metadata bytes say; the cursor stands at them. */
function columnShape(cursor: EventCursor, code: number): { type: number; size: number; scale: number } {
  switch (code) {
    case columnTypes.FLOAT:
    case columnTypes.DOUBLE:
    case columnTypes.BLOB:
    case columnTypes.TINY_BLOB:
    case columnTypes.MEDIUM_BLOB:
    case columnTypes.LONG_BLOB:
    case columnTypes.MARIADB_BLOB_COMPRESSED:
    case columnTypes.JSON:
    case columnTypes.GEOMETRY:
    case columnTypes.VECTOR:
    case columnTypes.TIME2:
    case columnTypes.DATETIME2:
    case columnTypes.TIMESTAMP2:
      return { type: code, size: cursor.uint8(), scale: 0 };
    case columnTypes.VARCHAR:
    case columnTypes.VAR_STRING:
    case columnTypes.MARIADB_VARCHAR_COMPRESSED:
      return { type: code, size: cursor.uint16(), scale: 0 };
    case columnTypes.BIT: {
      const bits = cursor.uint8();
      return { type: code, size: cursor.uint8() * 8 + bits, scale: 0 };
    }
    case columnTypes.NEWDECIMAL: {
      const precision = cursor.uint8();
      return { type: code, size: precision, scale: cursor.uint8() };
    }
    case columnTypes.STRING:
    case columnTypes.ENUM:
    case columnTypes.SET: {
      // The real type, and the length: its two highest bits stand inverted in the type's byte.
      const real = cursor.uint8();
      const length = cursor.uint8();
      if (real === columnTypes.ENUM || real === columnTypes.SET) return { type: real, size: length, scale: 0 };
      return { type: real | 0x30, size: length | (((real & 0x30) ^ 0x30) << 4), scale: 0 };
    }
    default:
      return { type: code, size: 0, scale: 0 };
  }
}

/** Types whose size the row reader relies on. */
function checkShape({ type, size, scale }: { type: number; size: number; scale: number }): void {
  const is = (...codes: number[]) => codes.includes(type);
  const sound = is(columnTypes.NEWDECIMAL)
    ? size >= 1 && size <= 65 && scale <= 38 && scale <= size
    : is(columnTypes.ENUM)
      ? size === 1 || size === 2
      : is(columnTypes.SET)
        ? size >= 1 && size <= 8
        : is(columnTypes.TIME2, columnTypes.DATETIME2, columnTypes.TIMESTAMP2)
          ? size <= 6
          : is(columnTypes.BLOB, columnTypes.JSON, columnTypes.GEOMETRY, columnTypes.VECTOR, columnTypes.MARIADB_BLOB_COMPRESSED)
            ? size >= 1 && size <= 4
            : is(columnTypes.BIT)
              ? size >= 1 && size <= 64
              : true;
  if (!sound) throw malformed(`a table map with a column of type ${type} and a size of ${size}`);
}

/** TABLE_MAP behind its header (libs/mysql/binlog/event/rows_event.h, Table_map_event). */
export function readTableMap(cursor: EventCursor, mariadb = false): TableMap {
  const tableId = cursor.uint48();
  cursor.take(2); // flags
  const database = cursor.text(cursor.uint8());
  cursor.take(1);
  const table = cursor.text(cursor.uint8());
  cursor.take(1);
  const count = cursor.packedInt();
  if (count > 4096) throw malformed(`a table map of ${count} columns`);
  const typesAt = cursor.take(count);
  const metadataEnd = cursor.packedInt() + cursor.at;
  const shapes = Array.from({ length: count }, (_, index) => columnShape(cursor, cursor.bytes[typesAt + index]!));
  for (const shape of shapes) checkShape(shape);
  if (cursor.at !== metadataEnd) throw malformed('the metadata of a table map ends elsewhere than it says');
  const nullBitsAt = cursor.take((count + 7) >> 3);
  const nullable = (index: number) => ((cursor.bytes[nullBitsAt + (index >> 3)]! >> (index & 7)) & 1) === 1;
  const metadata = readTableMetadata(
    cursor,
    shapes.map(({ type }) => type),
    mariadb,
  );
  return {
    tableId,
    database,
    table,
    primaryKey: metadata.primaryKey,
    full: metadata.names !== null,
    columns: shapes.map((shape, index) => ({
      ...shape,
      nullable: nullable(index),
      unsigned: metadata.unsigned[index] ?? null,
      collation: metadata.collations[index] ?? null,
      name: metadata.names?.[index] ?? null,
      members: metadata.members[index] ?? null,
      geometryType: metadata.geometryTypes[index] ?? null,
      vectorDimensions: metadata.vectorDimensions[index] ?? null,
      visible: metadata.visible?.[index] ?? null,
    })),
  };
}
