import type { CatalogColumn, ColumnReader } from '../../../../../connectors/postgres/column.ts';
import { createColumnReader } from '../../../../../connectors/postgres/values/column-reader.ts';
import { type PostgresType, TypeCatalog } from '../../../../../connectors/postgres/values/type-catalog.ts';
import { defaultValueOptions, type ValueOptions } from '../../../../../connectors/postgres/values/value-options.ts';
import type { Value } from '../../../../../src/contract/index.ts';

function type(oid: number, name: string, more: Partial<PostgresType> = {}): PostgresType {
  return {
    oid,
    name,
    schema: oid < 16_384 ? 'pg_catalog' : 'public',
    kind: 'b',
    category: 'U',
    elementOid: 0,
    delimiter: ',',
    baseOid: 0,
    baseTypeModifier: -1,
    notNull: false,
    enumLabels: [],
    rangeSubtypeOid: 0,
    ...more,
  };
}

const builtin: readonly (readonly [oid: number, name: string, arrayOid?: number])[] = [
  [16, 'bool', 1000],
  [17, 'bytea', 1001],
  [18, 'char', 1002],
  [19, 'name', 1003],
  [20, 'int8', 1016],
  [21, 'int2', 1005],
  [23, 'int4', 1007],
  [25, 'text', 1009],
  [26, 'oid', 1028],
  [114, 'json', 199],
  [142, 'xml', 143],
  [600, 'point', 1017],
  [603, 'box', 1020],
  [700, 'float4', 1021],
  [701, 'float8', 1022],
  [790, 'money', 791],
  [869, 'inet', 1041],
  [1042, 'bpchar', 1014],
  [1043, 'varchar', 1015],
  [1082, 'date', 1182],
  [1083, 'time', 1183],
  [1114, 'timestamp', 1115],
  [1184, 'timestamptz', 1185],
  [1186, 'interval', 1187],
  [1266, 'timetz', 1270],
  [1560, 'bit', 1561],
  [1562, 'varbit', 1563],
  [1700, 'numeric', 1231],
  [2205, 'regclass', 2210],
  [2950, 'uuid', 2951],
  [3614, 'tsvector', 3643],
  [3802, 'jsonb', 3807],
  [3904, 'int4range', 3905],
  [4451, 'int4multirange', 6150],
];

/** As extensions and users add them. */
const added: readonly PostgresType[] = [
  ...['hstore', 'citext', 'ltree', 'geometry', 'geography', 'vector', 'halfvec', 'sparsevec', 'isbn'].flatMap((name, index) => [
    type(20_000 + index, name),
    type(20_100 + index, `_${name}`, { category: 'A', elementOid: 20_000 + index }),
  ]),
  type(21_000, 'mood', { kind: 'e', category: 'E', enumLabels: ['sad', 'ok', 'happy day'] }),
  type(21_001, '_mood', { category: 'A', elementOid: 21_000 }),
  type(21_002, 'price', { kind: 'd', category: 'N', baseOid: 1700, baseTypeModifier: ((10 << 16) | 2) + 4 }),
  type(21_003, 'netprice', { kind: 'd', category: 'N', baseOid: 21_002, notNull: true }),
  type(21_004, '_price', { category: 'A', elementOid: 21_002 }),
  type(21_005, 'numbers', { kind: 'd', category: 'A', baseOid: 1007 }),
  type(21_006, 'address', { kind: 'c', category: 'C' }),
  type(21_008, 'isbn', { kind: 'c', category: 'C', schema: 'library' }),
  type(21_007, 'feeling', { kind: 'd', category: 'E', baseOid: 21_000 }),
];

export const testTypes = new TypeCatalog(
  [
    ...builtin.flatMap(([oid, name, arrayOid]) => [
      type(oid, name, name === 'box' ? { delimiter: ';' } : {}),
      ...(arrayOid ? [type(arrayOid, `_${name}`, { category: 'A', elementOid: oid })] : []),
    ]),
    ...added,
  ],
  async () => [],
);

const oidByName = new Map<string, number>([
  ...builtin.flatMap(([oid, name, arrayOid]): [string, number][] => [
    [name, oid],
    ...(arrayOid ? [[`_${name}`, arrayOid] as [string, number]] : []),
  ]),
  ...added.map(({ name, oid }): [string, number] => [name, oid]),
]);

/** A column of the test's own types, nullable and without default unless told; null: left out. */
export function columnReader(
  typeName: string,
  options: Partial<ValueOptions> = {},
  column: Partial<CatalogColumn> = {},
): ColumnReader | null {
  const typeOid = oidByName.get(typeName);
  if (typeOid === undefined) throw new Error(`The test has no type ${typeName}`);
  return createColumnReader(
    { name: 'c', typeOid, typeModifier: -1, notNull: false, defaultExpression: null, generated: false, ...column },
    testTypes,
    { ...defaultValueOptions, ...options },
  );
}

/** As `columnReader`, for types that are never left out. */
export function builtinReader(typeName: string, options: Partial<ValueOptions> = {}, column: Partial<CatalogColumn> = {}): ColumnReader {
  const reader = columnReader(typeName, options, column);
  if (reader === null) throw new Error(`Columns of type ${typeName} are left out`);
  return reader;
}

/** What the reader makes of a text, which stands amid other bytes as it does in a message. */
export function readText(reader: ColumnReader, text: string): Value {
  const bytes = Buffer.from(`1,{${text}}9:`, 'utf8');
  return reader.read(bytes, 3, bytes.length - 3);
}

/** The modifier of numeric(precision, scale). */
export function numericModifier(precision: number, scale: number): number {
  return ((precision << 16) | (scale & 0x7ff)) + 4;
}
