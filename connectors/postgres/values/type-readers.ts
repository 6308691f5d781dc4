import { type Placeholder, placeholderOf } from '../../debezium/values/placeholder.ts';
import { arrayReader } from './arrays.ts';
import { binaryReader, opaqueReader } from './binary.ts';
import { bitArrayReader, bitsReader } from './bits.ts';
import { oids } from './builtin-oids.ts';
import { moneyReader, numericItemReader, numericReader } from './decimals.ts';
import { geometricTextReader, pointReader, postgisReader } from './geometry.ts';
import { hstoreReader } from './hstore.ts';
import { bigintReader, doubleReader, floatReader, integerReader, smallintReader } from './integers.ts';
import { dateReader } from './temporal/date.ts';
import { intervalReader } from './temporal/interval.ts';
import { timeReader, zonedTimeReader } from './temporal/time.ts';
import { timestampReader } from './temporal/timestamp.ts';
import { zonedTimestampReader } from './temporal/zoned-timestamp.ts';
import { booleanReader, enumReader, namedTextReader, textReader, uuidReader } from './text.ts';
import type { PostgresType, TypeCatalog } from './type-catalog.ts';
import type { TypeReader } from './type-reader.ts';
import { type TypeSize, unboundedNumericLength } from './type-size.ts';
import type { ValueOptions } from './value-options.ts';
import { halfvecReader, sparsevecReader, vectorReader } from './vectors.ts';

type Context = {
  readonly options: ValueOptions;
  readonly placeholder: Placeholder;
  readonly types: TypeCatalog;
  readonly size: TypeSize;
  readonly isArrayItem: boolean;
};

const textOids: ReadonlySet<number> = new Set([
  oids.text,
  oids.varchar,
  oids.bpchar,
  oids.char,
  oids.name,
  oids.inet,
  oids.cidr,
  oids.macaddr,
  oids.macaddr8,
  oids.int4range,
  oids.int8range,
  oids.numrange,
  oids.tsrange,
  oids.tstzrange,
  oids.daterange,
]);

const geometricOids: ReadonlySet<number> = new Set([oids.lseg, oids.path, oids.box, oids.polygon, oids.line, oids.circle]);

/** Of these the reference makes no arrays, nor does include.unknown.datatypes. */
const neverInArrays: ReadonlySet<number> = new Set([
  oids.money,
  oids.name,
  oids.interval,
  oids.varbit,
  oids.xml,
  oids.point,
  oids.refcursor,
]);

/** Arrays of these have a placeholder of their own where an unchanged one was not sent. */
const arrayPlaceholderOids: ReadonlySet<number> = new Set([
  oids.text,
  oids.varchar,
  oids.bpchar,
  oids.json,
  oids.jsonb,
  oids.int4,
  oids.int8,
  oids.uuid,
]);

/** Items that the reference's array schemas declare optional; those of every other array are not, though NULL may be among them. */
const optionalItemOids: ReadonlySet<number> = new Set([
  ...textOids,
  oids.int2,
  oids.int4,
  oids.int8,
  oids.oid,
  oids.numeric,
  oids.float4,
  oids.float8,
  oids.bool,
  oids.date,
  oids.time,
  oids.timetz,
  oids.timestamp,
  oids.timestamptz,
  oids.uuid,
  oids.json,
  oids.jsonb,
  oids.bytea,
]);
const optionalItemNames: ReadonlySet<string> = new Set(['geometry', 'geography', 'citext', 'hstore', 'ltree']);

/** Built-in types. */
function builtin(oid: number, { options, placeholder, size, isArrayItem }: Context): TypeReader | null {
  if (textOids.has(oid)) return textReader(placeholder);
  switch (oid) {
    case oids.bool:
      return booleanReader;
    case oids.int2:
      return smallintReader;
    case oids.int4:
      return integerReader;
    case oids.int8:
    case oids.oid:
      return bigintReader;
    case oids.float4:
      return floatReader;
    case oids.float8:
      return doubleReader;
    case oids.numeric: {
      const reader = numericReader(size.length === unboundedNumericLength ? null : size.length, size.scale, options, placeholder);
      return isArrayItem ? numericItemReader(reader) : reader;
    }
    case oids.money:
      return moneyReader(options, placeholder);
    case oids.bytea:
      return binaryReader(options, placeholder);
    case oids.bit:
    case oids.varbit:
      return bitsReader(size.length, placeholder);
    case oids.json:
    case oids.jsonb:
      return namedTextReader('io.debezium.data.Json', placeholder);
    case oids.xml:
      return namedTextReader('io.debezium.data.Xml', placeholder);
    case oids.uuid:
      return uuidReader(placeholder);
    case oids.tsvector:
      return namedTextReader('io.debezium.data.Tsvector', placeholder);
    case oids.date:
      return dateReader(options);
    case oids.time:
      return timeReader(options, size.scale, isArrayItem);
    case oids.timetz:
      return zonedTimeReader(placeholder.text, isArrayItem);
    case oids.timestamp:
      return timestampReader(options, size.scale);
    case oids.timestamptz:
      return zonedTimestampReader(size.scale, placeholder.text);
    case oids.interval:
      return intervalReader(options, placeholder.text);
    case oids.point:
      return pointReader;
    default:
      return null;
  }
}

/** Types of extensions, known by their names wherever they were installed. */
function ofExtension(name: string, { options, placeholder }: Context): TypeReader | null {
  switch (name) {
    case 'citext':
    case 'isbn':
      return textReader(placeholder);
    case 'ltree':
      return namedTextReader('io.debezium.data.Ltree', placeholder);
    case 'hstore':
      return hstoreReader(options, placeholder);
    case 'geometry':
    case 'geography':
      return postgisReader(name, placeholder);
    case 'vector':
      return vectorReader;
    case 'halfvec':
      return halfvecReader;
    case 'sparsevec':
      return sparsevecReader;
    default:
      return null;
  }
}

/** Bytes of the text of a type nobody knows, where they are asked for. */
function unknown(type: PostgresType, { options, placeholder }: Context): TypeReader | null {
  if (!options.includeUnknownDatatypes) return null;
  const reader = opaqueReader(options, placeholder);
  return geometricOids.has(type.oid) ? geometricTextReader(reader) : reader;
}

function array(type: PostgresType, context: Context): TypeReader | null {
  const { types, placeholder } = context;
  const element = types.get(type.elementOid);
  if (element === undefined || neverInArrays.has(element.oid)) return null;
  // An array of a domain is unknown to the reference: it resolves domains of columns only.
  const item = element.baseOid === 0 ? resolve(element, { ...context, isArrayItem: true }) : unknown(element, context);
  if (item === null) return null;
  if (element.oid === oids.bit) return bitArrayReader(item);
  const optional = optionalItemOids.has(element.oid) || optionalItemNames.has(element.name);
  const nullable = optional && element.name !== 'ltree'; // whatever its schema says, the reference cannot show NULL among ltree
  const items = { optional, nullable, placeholder: hasArrayPlaceholder(element.oid, item) };
  return arrayReader(item, element.delimiter, items, placeholder);
}

/** Debezium's UnchangedToastedReplicationMessageColumn, as far as its converters can show what it has. */
function hasArrayPlaceholder(oid: number, item: TypeReader): boolean {
  if (oid === oids.bytea) return item.schema.type === 'bytes';
  if (oid === oids.date) return item.schema.name === 'io.debezium.time.Date';
  return arrayPlaceholderOids.has(oid);
}

function resolve(type: PostgresType, context: Context): TypeReader | null {
  const known = builtin(type.oid, context);
  if (known) return known;
  if (type.category === 'E') return enumReader(type.enumLabels, context.placeholder);
  const isVector = type.oid === oids.int2vector || type.oid === oids.oidvector;
  if (type.category === 'A' && type.elementOid !== 0 && !isVector) return array(type, context);
  // A table may have the name of an extension's type, and its rows then are a type of that name.
  return (type.kind === 'b' ? ofExtension(type.name, context) : null) ?? unknown(type, context);
}

/** How values of a type without domains (`TypeCatalog.root`) are read; null: not at all. */
export function typeReader(root: PostgresType, size: TypeSize, types: TypeCatalog, options: ValueOptions): TypeReader | null {
  return resolve(root, { options, placeholder: placeholderOf(options.unavailableValuePlaceholder), types, size, isArrayItem: false });
}
