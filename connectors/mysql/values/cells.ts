import { inflateColumn } from '../binlog/compression.ts';
import type { EventCursor } from '../binlog/cursor.ts';
import { columnTypes } from '../binlog/event-types.ts';
import type { BinlogColumn } from '../binlog/table-map.ts';

/** Where the bytes of the cell just measured begin; they end where the cursor stands. */
type Measure = (cursor: EventCursor) => number;

function measured(lengthBytes: number): Measure {
  return lengthBytes === 1
    ? cursor => {
        const size = cursor.uint8();
        return cursor.take(size);
      }
    : lengthBytes === 2
      ? cursor => {
          const size = cursor.uint16();
          return cursor.take(size);
        }
      : cursor => {
          const size = cursor.uint(lengthBytes);
          return cursor.take(size);
        };
}

/** Of a type whose cells begin with their length; null: another type. */
export function cellMeasure({ type, size }: BinlogColumn): Measure | null {
  switch (type) {
    case columnTypes.VARCHAR:
    case columnTypes.VAR_STRING:
    case columnTypes.STRING:
    case columnTypes.MARIADB_VARCHAR_COMPRESSED:
      return measured(size < 256 ? 1 : 2);
    case columnTypes.BLOB:
    case columnTypes.JSON:
    case columnTypes.GEOMETRY:
    case columnTypes.VECTOR:
    case columnTypes.MARIADB_BLOB_COMPRESSED:
      return measured(size);
    default:
      return null;
  }
}

/**
 * The bytes of a cell of a character or binary type, by a function of them; null: another type. Values that MariaDB stored compressed are
 * decompressed first.
 */
export function bytesReader<Result>(
  column: BinlogColumn,
  use: (bytes: Buffer, start: number, end: number) => Result,
): ((cursor: EventCursor) => Result) | null {
  const measure = cellMeasure(column);
  if (measure === null) return null;
  if (column.type === columnTypes.MARIADB_BLOB_COMPRESSED || column.type === columnTypes.MARIADB_VARCHAR_COMPRESSED) {
    return cursor => {
      const start = measure(cursor);
      const inflated = inflateColumn(cursor.bytes.subarray(start, cursor.at));
      return use(inflated, 0, inflated.length);
    };
  }
  return cursor => {
    const start = measure(cursor);
    return use(cursor.bytes, start, cursor.at);
  };
}

const fixedSizes: ReadonlyMap<number, number> = new Map([
  [columnTypes.TINY, 1],
  [columnTypes.SHORT, 2],
  [columnTypes.INT24, 3],
  [columnTypes.LONG, 4],
  [columnTypes.LONGLONG, 8],
  [columnTypes.FLOAT, 4],
  [columnTypes.DOUBLE, 8],
  [columnTypes.DATE, 3],
  [columnTypes.NEWDATE, 3],
  [columnTypes.TIME, 3],
  [columnTypes.DATETIME, 8],
  [columnTypes.TIMESTAMP, 4],
  [columnTypes.YEAR, 1],
]);
const fractionBases: ReadonlyMap<number, number> = new Map([
  [columnTypes.TIME2, 3],
  [columnTypes.DATETIME2, 5],
  [columnTypes.TIMESTAMP2, 4],
]);

/** Moves behind a cell without reading it; null: a type whose cells nobody knows the size of. */
export function cellSkipper(
  column: BinlogColumn,
  decimalBytes: (precision: number, scale: number) => number,
): ((cursor: EventCursor) => void) | null {
  const measure = cellMeasure(column);
  if (measure !== null) return measure;
  const { type, size, scale } = column;
  const fractionBase = fractionBases.get(type);
  const fixed =
    fixedSizes.get(type) ??
    (type === columnTypes.NEWDECIMAL
      ? decimalBytes(size, scale)
      : type === columnTypes.BIT
        ? (size + 7) >> 3
        : type === columnTypes.ENUM || type === columnTypes.SET
          ? size
          : fractionBase === undefined
            ? undefined
            : fractionBase + ((size + 1) >> 1));
  return fixed === undefined ? null : cursor => void cursor.take(fixed);
}
