import { type Schema, Struct, type Value } from '../../src/contract/index.ts';
import { hasher } from './column-hash.ts';
import type { PatternList } from './patterns.ts';
import type { ColumnDefinition, TableId } from './table.ts';
import { qualifiedName } from './table-name.ts';

/** What a rule makes of a column it matches. */
type ColumnMapping = {
  /** Parameters that are added to the column's schema. */
  readonly parameters: Readonly<Record<string, string>>;
  /** null: values stay. */
  readonly map: ((value: Value) => Value) | null;
};

/** One of the options that change a column's values or schema. */
export type ColumnRule = {
  /** The option's name, for messages; it never holds a salt. */
  readonly option: string;
  /** Whether it is there to keep values from being seen. */
  readonly conceals: boolean;
  matches(id: TableId, column: ColumnDefinition): boolean;
  mapping(column: ColumnDefinition): ColumnMapping;
};

/** Types that have a string schema without being a character type of the database. */
const otherTextTypes = /^(?:INET|CIDR|MACADDR8?|CITEXT|.*RANGE|MONEY|NUMERIC|DECIMAL|INTERVAL|OID|ISBN|BYTEA|TIMETZ|TIMESTAMPTZ)$/i;

function isCharacter({ character, schema, typeName }: ColumnDefinition): boolean {
  if (character !== undefined) return character;
  return schema.type === 'string' && (schema.name === null || schema.name === 'io.debezium.data.Enum') && !otherTextTypes.test(typeName);
}

function matchesColumn(columns: PatternList): ColumnRule['matches'] {
  return (id, column) => columns.matches(`${qualifiedName(id)}.${column.name}`);
}

/** The first characters (UTF-16 units) of a text, the first bytes of a byte string; other values stay. */
function truncated(value: Value, length: number): Value {
  if (typeof value === 'string') return value.length > length ? value.slice(0, length) : value;
  if (value instanceof Uint8Array) return value.length > length ? value.slice(0, length) : value;
  return value;
}

/** Bytes without a meaning of their own: a Decimal or Bits cut short would be another number. */
function isTruncatable(schema: Schema): boolean {
  return schema.type === 'string' || (schema.type === 'bytes' && schema.name === null);
}

/** `column.truncate.to.LENGTH.chars`: longer values are cut. */
export function truncateRule(length: number, columns: PatternList): ColumnRule {
  return {
    option: `column.truncate.to.${length}.chars`,
    conceals: true,
    matches: matchesColumn(columns),
    mapping({ schema, length: columnLength }) {
      if (columnLength >= 0 && columnLength <= length) return { parameters: {}, map: null };
      return {
        parameters: { truncateLength: String(length) },
        map: isTruncatable(schema) ? value => truncated(value, length) : null,
      };
    },
  };
}

const masked = { masked: 'true' };

/** `column.mask.with.LENGTH.chars`: so many stars in place of any value, also of null. */
export function maskRule(length: number, columns: PatternList): ColumnRule {
  const stars = '*'.repeat(length);
  return {
    option: `column.mask.with.${length}.chars`,
    conceals: true,
    matches: matchesColumn(columns),
    mapping: column => ({ parameters: masked, map: isCharacter(column) ? () => stars : null }),
  };
}

/**
 * `column.mask.hash[.v2].ALGORITHM.with.salt.SALT`: the hash in hexadecimal digits, cut to the column's length; of null, null. Throws an
 * Error for an unknown algorithm.
 */
export function hashRule(version: 1 | 2, algorithm: string, salt: string, columns: PatternList): ColumnRule {
  const hash = hasher(algorithm, salt, version);
  return {
    option: `column.mask.hash.${version === 1 ? '' : 'v2.'}${algorithm}.with.salt`,
    conceals: true,
    matches: matchesColumn(columns),
    mapping: column => ({
      parameters: masked,
      map: isCharacter(column)
        ? value => (typeof value !== 'string' ? null : column.length > 0 ? hash(value).slice(0, column.length) : hash(value))
        : null,
    }),
  };
}

function sourceType({ name, typeName, length, scale }: ColumnDefinition): ColumnMapping {
  return {
    parameters: {
      '__debezium.source.column.type': typeName.toUpperCase(),
      ...(length >= 0 ? { '__debezium.source.column.length': String(length) } : {}),
      ...(scale >= 0 ? { '__debezium.source.column.scale': String(scale) } : {}),
      '__debezium.source.column.name': name,
    },
    map: null,
  };
}

/** `column.propagate.source.type`: the columns' types in the database as parameters of their schemas. */
export function propagateColumnRule(columns: PatternList): ColumnRule {
  return { option: 'column.propagate.source.type', conceals: false, matches: matchesColumn(columns), mapping: sourceType };
}

/** `datatype.propagate.source.type`: the same by `schema.table.TYPE`. */
export function propagateTypeRule(types: PatternList): ColumnRule {
  return {
    option: 'datatype.propagate.source.type',
    conceals: false,
    matches: (id, column) => types.matches(`${qualifiedName(id)}.${column.typeName}`),
    mapping: sourceType,
  };
}

/** A column after the rules. */
export type MappedColumn = {
  readonly schema: Schema;
  readonly map: ((value: Value) => Value) | null;
  /** Set where a rule that conceals values has no effect, since another one came first. */
  readonly warning: string | null;
};

/**
 * Applies the first rule that matches, and only that: as Debezium does, whose order is truncate, mask, propagate, hash. So a hash on a
 * column whose type is propagated has no effect, which the warning says.
 */
export function mapColumn(rules: readonly ColumnRule[], id: TableId, column: ColumnDefinition): MappedColumn {
  const matching = rules.filter(rule => rule.matches(id, column));
  const first = matching[0];
  if (!first) return { schema: column.schema, map: null, warning: null };
  const { parameters, map } = first.mapping(column);
  const schema =
    Object.keys(parameters).length === 0
      ? column.schema
      : column.schema.with({ parameters: { ...column.schema.parameters, ...parameters } });
  const lost = matching.slice(1).find(rule => rule.conceals);
  const warning = lost
    ? `${lost.option} has no effect on the column ${qualifiedName(id)}.${column.name}: only the first option that matches a column is applied, here ${first.option}.`
    : null;
  return { schema, map: schema.type === 'struct' ? rebound(schema, map) : map, warning };
}

/** A struct names its schema, so one whose schema got parameters must name the new one. */
function rebound(schema: Schema, map: MappedColumn['map']): NonNullable<MappedColumn['map']> {
  return value => {
    const mapped = map === null ? value : map(value);
    return mapped instanceof Struct ? new Struct(schema, mapped.values) : mapped;
  };
}
