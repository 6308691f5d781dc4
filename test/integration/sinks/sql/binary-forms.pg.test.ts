import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type pg from 'pg';
import { columnArray } from '../../../../sinks/sql/column-arrays.ts';
import { binaryColumn, keyColumn, textColumn } from '../../../../sinks/sql/column-form.ts';
import { targetType } from '../../../../sinks/sql/target-type.ts';
import { type Schema, schemaOf, schemas, type Value } from '../../../../src/contract/index.ts';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { sharedPostgres } from '../../../support/servers.ts';

const named = (type: Parameters<typeof schemaOf>[0], name: string, parameters: Record<string, string> | null = null) =>
  schemaOf(type, { name, parameters });
const time = (type: 'int32' | 'int64' | 'string', name: string) => named(type, `io.debezium.time.${name}`);

/** Unscaled two's complement, as short as it can be. */
function unscaled(value: bigint): Uint8Array {
  let bytes = 1;
  while (BigInt.asIntN(bytes * 8, value) !== value) bytes++;
  const hex = BigInt.asUintN(bytes * 8, value)
    .toString(16)
    .padStart(bytes * 2, '0');
  return Buffer.from(hex, 'hex');
}

const decimal = (scale: number) => named('bytes', schemas.connectDecimal, { scale: String(scale) });
const short = fc.bigInt({ min: -(2n ** 47n), max: 2n ** 47n - 1n });
const text = fc
  .oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constant('x'.repeat(5_000)))
  .map(one => one.replaceAll('\u0000', ''));
const moment = fc.date({ min: new Date('0100-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });

type Case = readonly [column: string, schema: Schema | null, values: fc.Arbitrary<Exclude<Value, null>>];

const fitting: readonly Case[] = [
  ['smallint', schemas.int16, fc.integer({ min: -32_768, max: 32_767 })],
  ['smallint', schemas.boolean, fc.boolean()],
  ['integer', schemas.int32, fc.integer()],
  ['integer', null, fc.integer()],
  ['bigint', schemas.int64, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ['bigint', schemas.int32, fc.maxSafeInteger()],
  ['double precision', schemas.float64, fc.double()],
  ['double precision', schemas.float64, fc.constantFrom(0, -0)],
  ['double precision', schemas.int64, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ['boolean', schemas.boolean, fc.boolean()],
  ['bytea', schemas.bytes, fc.uint8Array()],
  ['text', schemas.string, text],
  ['text', schemas.boolean, fc.boolean()],
  ['text', schemas.int64, fc.bigInt()],
  ['text', schemas.float64, fc.oneof(fc.double(), fc.constant(-0))],
  ['character varying', schemas.string, text],
  ['json', schemas.string, fc.jsonValue().map(one => JSON.stringify(one))],
  [
    'jsonb',
    named('string', 'io.debezium.data.Json'),
    fc.oneof(fc.string(), fc.integer()).map(one => JSON.stringify({ a: one }).replaceAll('\\u0000', '')),
  ],
  ['date', time('int32', 'Date'), fc.integer({ min: -700_000, max: 2_900_000 })],
  [
    'timestamp without time zone',
    time('int64', 'MicroTimestamp'),
    fc.bigInt({ min: -62_000_000_000_000_000n, max: 200_000_000_000_000_000n }),
  ],
  [
    'timestamp without time zone',
    time('int64', 'MicroTimestamp'),
    fc.constantFrom(9_223_372_036_825_200_000n, -9_223_372_036_832_400_000n),
  ],
  ['timestamp without time zone', time('int64', 'Timestamp'), fc.bigInt({ min: -62_000_000_000_000n, max: 200_000_000_000_000n })],
  ['timestamp with time zone', time('string', 'ZonedTimestamp'), moment.map(one => one.toISOString())],
  [
    'timestamp with time zone',
    time('string', 'ZonedTimestamp'),
    fc.constantFrom('2024-02-29T23:59:59.000001Z', '1999-12-31T23:59:59.9Z', '2000-01-01T00:00:00Z'),
  ],
  ...[0, 1, 2, 4, 5, 9, 12].map((scale): Case => ['numeric', decimal(scale), short.map(unscaled)]),
];

/** Beyond what the form holds: the whole column goes as text, and is the same as ever. */
const unfitting: readonly Case[] = [
  ['date', time('int32', 'Date'), fc.constantFrom(2_147_483_647, -2_147_483_648)],
  ['numeric', decimal(2), fc.bigInt({ min: 2n ** 60n, max: 2n ** 120n }).map(unscaled)],
  [
    'timestamp with time zone',
    time('string', 'ZonedTimestamp'),
    fc.constantFrom('2024-01-01T00:00:00+02:00', '2024-01-01T00:00:00.1234567Z', 'infinity'),
  ],
  ['double precision', null, fc.constantFrom('1.5', '-2')],
];

async function told(client: pg.Client, column: string, parameter: string | Buffer): Promise<readonly (string | null)[]> {
  const { rows } = await client.query<{ v: string | null }>({
    text: `select v::text as v from unnest($1::${column}[]) with ordinality as u (v, n) order by n`,
    values: [parameter],
  });
  return rows.map(({ v }) => v);
}

/** The server reads a column of these values the same in both forms. */
async function assertSame(client: pg.Client, [column, schema, values]: Case, fits: boolean): Promise<void> {
  const type = targetType(column);
  const [binary, plain] = [binaryColumn(schema, type), textColumn(schema, type)];
  const what = `${schema?.name ?? schema?.type} into ${column}`;
  const rows = fc.array(fc.option(values), { minLength: 1, maxLength: 40 }).filter(all => all.some(one => one !== null));
  await fc.assert(
    fc.asyncProperty(rows, async all => {
      const written = (form: typeof plain) => all.map(one => ({ values: [one === null ? null : form.write(one)] }));
      const parameter = columnArray(binary.binary, written(binary), 0);
      assert.equal(Buffer.isBuffer(parameter), fits, what);
      const expected = await told(client, column, columnArray(null, written(plain), 0));
      assert.deepEqual(await told(client, column, parameter), expected, what);
    }),
    { numRuns: 15 },
  );
}

describe('columns in binary form', () => {
  test('the server reads from them what it reads from the texts', async () => {
    await using database = await freshDatabase(await sharedPostgres(18));
    for (const one of fitting) await assertSame(database.client, one, true);
  });

  test('what does not fit goes as text', async () => {
    await using database = await freshDatabase(await sharedPostgres(18));
    for (const one of unfitting) await assertSame(database.client, one, false);
  });

  test('a value out of its column’s range is refused by the server, and does not become another', async () => {
    await using database = await freshDatabase(await sharedPostgres(18));
    const { binary, write } = binaryColumn(schemas.int64, targetType('integer'));
    const parameter = columnArray(binary, [{ values: [write(2n ** 31n)] }], 0);
    await assert.rejects(told(database.client, 'integer', parameter), { code: '22003' });
    const micros = binaryColumn(time('int64', 'MicroTimestamp'), targetType('timestamp without time zone'));
    const early = columnArray(micros.binary, [{ values: [-300_000_000_000_000_000n] }], 0);
    await assert.rejects(told(database.client, 'timestamp', early), /22\w+|out of range|date\/time/);
  });

  test('a key’s values are those of its text, by which its versions are kept', () => {
    assert.equal(keyColumn(time('int32', 'Date'), targetType('date')).write(20_000), '2024-10-04');
    assert.equal(keyColumn(decimal(2), targetType('numeric')).write(Uint8Array.of(0xff, 0x85)), '-1.23');
    assert.notEqual(keyColumn(schemas.int64, targetType('bigint')).binary, null);
  });
});
