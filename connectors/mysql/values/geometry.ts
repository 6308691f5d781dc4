import { arraySchema, type Schema, Struct, schemas, structSchema, type Value } from '../../../src/contract/index.ts';
import { unreadable, unrepresentable } from '../../debezium/values/unreadable.ts';
import { bytesReader } from './cells.ts';
import type { ValueType } from './value-type.ts';

const pointSchema = structSchema(
  [
    ['x', schemas.float64],
    ['y', schemas.float64],
    ['wkb', schemas.optionalBytes],
    ['srid', schemas.optionalInt32],
  ],
  { name: 'io.debezium.data.geometry.Point', version: 1, doc: 'Geometry (POINT)' },
);

const geometrySchema = structSchema(
  [
    ['wkb', schemas.bytes],
    ['srid', schemas.optionalInt32],
  ],
  { name: 'io.debezium.data.geometry.Geometry', version: 1, doc: 'Geometry' },
);

/** GEOMETRYCOLLECTION EMPTY, which the reference shows where a NOT NULL column has no value. */
const emptyCollection = Uint8Array.from([1, 7, 0, 0, 0, 0, 0, 0, 0]);
const sridBytes = 4;
/** Byte order, type, two coordinates. */
const wkbPointBytes = 21;
const wkbPoint = 1;

/** Four bytes of SRID, 0 for none, in front of the WKB: MySQL's own form, in the binlog and in results. */
function sridOf(bytes: Buffer, start: number, end: number): number | null {
  if (end - start < sridBytes + 5) throw unreadable('geometry');
  return bytes.readInt32LE(start) || null;
}

function readPoint(schema: Schema, bytes: Buffer, start: number, end: number): Struct {
  const srid = sridOf(bytes, start, end);
  const at = start + sridBytes;
  const little = bytes[at] !== 0;
  const type = end - at === wkbPointBytes ? (little ? bytes.readUInt32LE(at + 1) : bytes.readUInt32BE(at + 1)) : 0;
  if (type !== wkbPoint) throw unrepresentable('a POINT column holds something else', 'Exclude the column.');
  const coordinate = (place: number) => (little ? bytes.readDoubleLE(place) : bytes.readDoubleBE(place));
  return new Struct(schema, [coordinate(at + 5), coordinate(at + 13), Buffer.from(bytes.subarray(at, end)), srid]);
}

function readGeometry(schema: Schema, bytes: Buffer, start: number, end: number): Struct {
  const srid = sridOf(bytes, start, end);
  return new Struct(schema, [Buffer.from(bytes.subarray(start + sridBytes, end)), srid]);
}

function type(schema: Schema, reader: typeof readPoint, fallback: readonly Value[]): ValueType {
  const read = (bytes: Buffer, start: number, end: number) => reader(schema, bytes, start, end);
  const empty = new Struct(schema, fallback);
  return {
    schema,
    binlog: column => bytesReader(column, read),
    text: read,
    fallback: empty,
    unavailable: empty,
    unavailableAsNull: true,
    bind: bound => type(bound, reader, fallback),
  };
}

export const pointType = type(pointSchema, readPoint, [0, 0, emptyCollection, null]);
export const geometryType = type(geometrySchema, readGeometry, [emptyCollection, null]);

const vectorSchema = arraySchema(schemas.float32, { name: 'io.debezium.data.FloatVector', version: 1 });

/** VECTOR: floats, one behind the other. */
function readVector(bytes: Buffer, start: number, end: number): readonly number[] {
  // As the reference: what is no multiple of a float's size shows as no floats at all.
  if ((end - start) % 4 !== 0) return [];
  return Array.from({ length: (end - start) >> 2 }, (_, index) => bytes.readFloatLE(start + index * 4));
}

export const vectorType: ValueType = {
  schema: vectorSchema,
  binlog: column => bytesReader(column, readVector),
  text: readVector,
  fallback: [],
  unavailable: [],
  unavailableAsNull: true,
};
