import { oids } from './builtin-oids.ts';
import type { PostgresType, TypeCatalog } from './type-catalog.ts';

/** What a column's length is where its type sets no bound (JDBC's "unknown length"). */
export const unboundedLength = 0x7fff_ffff;
/** The length JDBC gives to numeric without precision. */
export const unboundedNumericLength = 131_089;

/** Length (precision) and scale of a column, as JDBC reckons them: some are parameters of schemas, all may be shown by
 * column.propagate.source.type. */
export type TypeSize = { readonly length: number; readonly scale: number };

/** Characters of the longest text of a time type: what JDBC calls their length. */
const timeLengths: ReadonlyMap<number, number> = new Map([
  [oids.time, 8],
  [oids.timetz, 14],
  [oids.timestamp, 22],
  [oids.timestamptz, 28],
]);

function timeSize(base: number, modifier: number): TypeSize {
  const scale = modifier === -1 ? 6 : modifier;
  const digits = scale === 0 ? 0 : scale === 1 ? 3 : scale + 1;
  return { length: base + digits, scale };
}

function sized(oid: number, modifier: number): TypeSize {
  const time = timeLengths.get(oid);
  if (time !== undefined) return timeSize(time, modifier);
  switch (oid) {
    case oids.int2:
      return { length: 5, scale: 0 };
    case oids.int4:
    case oids.oid:
      return { length: 10, scale: 0 };
    case oids.int8:
      return { length: 19, scale: 0 };
    case oids.float4:
      return { length: 8, scale: 8 };
    case oids.float8:
      return { length: 17, scale: 17 };
    case oids.bool:
    case oids.char:
      return { length: 1, scale: 0 };
    case oids.date:
      return { length: 13, scale: 0 };
    case oids.interval:
      return { length: 49, scale: modifier === -1 ? 6 : modifier & 0xffff };
    case oids.bpchar:
    case oids.varchar:
      return { length: modifier === -1 ? unboundedLength : modifier - 4, scale: 0 };
    case oids.bit:
      return { length: modifier, scale: 0 };
    case oids.varbit:
      return { length: modifier === -1 ? unboundedLength : modifier, scale: 0 };
    case oids.numeric:
      if (modifier === -1) return { length: unboundedNumericLength, scale: 0 };
      // Eleven bits with a sign: since version 15 a scale may be negative.
      return { length: ((modifier - 4) >> 16) & 0xffff, scale: (((modifier - 4) & 0x7ff) << 21) >> 21 };
    default:
      return { length: unboundedLength, scale: 0 };
  }
}

/** The size of a column of that type. An array has its items' size, a domain that of what it is over. */
export function typeSize(type: PostgresType, modifier: number, types: TypeCatalog): TypeSize {
  if (type.baseOid !== 0) {
    const base = types.get(type.baseOid);
    if (base === undefined) return { length: unboundedLength, scale: 0 };
    return typeSize(base, type.baseTypeModifier, types);
  }
  const isBuiltinArray = type.category === 'A' && type.elementOid !== 0 && type.schema === 'pg_catalog';
  return sized(isBuiltinArray ? type.elementOid : type.oid, modifier);
}
