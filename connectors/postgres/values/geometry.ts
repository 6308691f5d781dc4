import { javaDouble, type Schema, Struct, schemas, structSchema, type Value } from '../../../src/contract/index.ts';
import type { Placeholder } from '../../debezium/values/placeholder.ts';
import { unreadable } from '../../debezium/values/unreadable.ts';
import type { Read, TypeReader } from './type-reader.ts';

const pointSchema = structSchema(
  [
    ['x', schemas.float64],
    ['y', schemas.float64],
    ['wkb', schemas.optionalBytes],
    ['srid', schemas.optionalInt32],
  ],
  { name: 'io.debezium.data.geometry.Point', version: 1, doc: 'Geometry (POINT)' },
);

/** A point's well-known binary: little-endian, type 1, two doubles. */
function pointWkb(x: number, y: number): Uint8Array {
  const wkb = new Uint8Array(21);
  const view = new DataView(wkb.buffer);
  view.setUint8(0, 1);
  view.setUint32(1, 1, true);
  view.setFloat64(5, x, true);
  view.setFloat64(13, y, true);
  return wkb;
}

function boundPoint(schema: Schema): TypeReader {
  const point = (x: number, y: number): Value => new Struct(schema, [x, y, pointWkb(x, y), null]);
  const read: Read = (bytes, start, end) => {
    const parts = /^\(([^,()]+),([^,()]+)\)$/.exec(bytes.toString('latin1', start, end));
    if (!parts) throw unreadable('point');
    return point(Number(parts[1]), Number(parts[2]));
  };
  return { schema, read, fallback: point(0, 0), unavailable: point(0, 0), bind: boundPoint };
}

/** point */
export const pointReader: TypeReader = boundPoint(pointSchema);

const wkbFields = [
  ['wkb', schemas.bytes],
  ['srid', schemas.optionalInt32],
] as const;
/** The reference's schema of a geometry is optional, whatever its column says; that of a geography is not. */
const geometrySchema = structSchema(wkbFields, { name: 'io.debezium.data.geometry.Geometry', version: 1, doc: 'Geometry', optional: true });
const geographySchema = structSchema(wkbFields, { name: 'io.debezium.data.geometry.Geography', version: 1, doc: 'Geography' });

const sridFlag = 0x20000000;
const emptyCollection = Buffer.from('010700000000000000', 'hex');

/** The reference system in PostGIS' extended binary, null where it names none. */
function sridOf(ewkb: Buffer): number | null {
  if (ewkb.length < 9) throw unreadable('geometry');
  const little = ewkb[0] !== 0;
  const type = little ? ewkb.readUInt32LE(1) : ewkb.readUInt32BE(1);
  if ((type & sridFlag) === 0) return null;
  return little ? ewkb.readInt32LE(5) : ewkb.readInt32BE(5);
}

function boundPostgis(schema: Schema, placeholder: Placeholder): TypeReader {
  const read: Read = (bytes, start, end) => {
    const ewkb = Buffer.from(bytes.toString('latin1', start, end), 'hex');
    if (ewkb.length * 2 !== end - start) throw unreadable('geometry');
    return new Struct(schema, [ewkb, sridOf(ewkb)]);
  };
  const fallback = new Struct(schema, [emptyCollection, null]);
  const unavailable = new Struct(schema, [placeholder.bytes, null]);
  return { schema, read, fallback, unavailable, bind: bound => boundPostgis(bound, placeholder) };
}

/** PostGIS' geometry and geography: EWKB in hexadecimal. */
export function postgisReader(type: 'geometry' | 'geography', placeholder: Placeholder): TypeReader {
  return boundPostgis(type === 'geometry' ? geometrySchema : geographySchema, placeholder);
}

/**
 * box, circle, line, lseg, path and polygon have no schema of their own: with include.unknown.datatypes they are their text, the numbers
 * of which have passed through Java in the reference. `opaque` makes the value of that text.
 */
export function geometricTextReader(opaque: TypeReader): TypeReader {
  return {
    ...opaque,
    read: (bytes, start, end) => {
      const text = bytes.toString('latin1', start, end);
      const java = Buffer.from(
        text.replace(/-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Infinity)|NaN/g, number => javaDouble(Number(number))),
        'latin1',
      );
      return opaque.read(java, 0, java.length);
    },
  };
}
