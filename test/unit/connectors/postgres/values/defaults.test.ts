import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Value } from '../../../../../src/contract/index.ts';
import { builtinReader, numericModifier } from './columns.ts';

type Row = readonly [type: string, expression: string, value: Value | undefined, modifier?: number];

const epoch = '1970-01-01T00:00:00.000000Z';

const rows: readonly Row[] = [
  ['int4', '42', 42],
  ['int4', "'-5'::integer", -5],
  ['int4', "nextval('s'::regclass)", 0],
  ['int4', '(1 + 1)', undefined],
  ['int4', 'NULL::integer', undefined],
  ['int8', "'9223372036854775807'::bigint", 9_223_372_036_854_775_807n],
  ['float8', "'-2.25'::numeric", -2.25],
  ['float8', "'NaN'::double precision", NaN],
  ['bool', 'true', true],
  ['bool', 'false', false],
  ['bool', '(NOT true)', false],
  ['numeric', '12.30', Uint8Array.of(0x04, 0xce), numericModifier(6, 2)],
  ['numeric', '12.3', Uint8Array.of(0x04, 0xce), numericModifier(6, 2)],
  ['numeric', '12.345', undefined, numericModifier(6, 2)],
  ['numeric', "'NaN'::numeric", undefined, numericModifier(6, 2)],
  // A struct cannot be a default.
  ['numeric', '7.5', undefined],
  ['varchar', "'a-b'::character varying", 'a-b'],
  ['text', "'it''s'::text", 'it'],
  ['text', "'two\nlines'::text", undefined],
  ['text', 'NULL::text', undefined],
  ['text', "upper('x'::text)", ''],
  ['text', 'CURRENT_USER', 'CURRENT_USER'],
  ['bpchar', "'ab'::bpchar", 'ab'],
  ['jsonb', '\'{"a": 1}\'::jsonb', '{"a": 1}'],
  ['jsonb', 'jsonb_build_object()', '{}'],
  ['uuid', 'gen_random_uuid()', '00000000-0000-0000-0000-000000000000'],
  ['uuid', "'00000000-0000-0000-0000-00000000000A'::uuid", '00000000-0000-0000-0000-00000000000a'],
  ['date', "'2020-02-29'::date", 18_321],
  ['date', 'CURRENT_DATE', 0],
  ['date', "('now'::text)::date", undefined],
  ['date', "'infinity'::date", undefined],
  ['time', "'12:34:56'::time without time zone", 45_296_000_000n],
  ['time', "'24:00:00'::time without time zone", 86_399_999_999n],
  ['timestamp', "'2021-03-04 05:06:07.123456'::timestamp without time zone", 1_614_834_367_123_456n],
  ['timestamp', 'LOCALTIMESTAMP', 0n],
  ['timestamp', "(now() AT TIME ZONE 'utc'::text)", 0n],
  ['timestamp', "'infinity'::timestamp without time zone", undefined],
  ['timestamptz', 'now()', epoch],
  ['timestamptz', 'CURRENT_TIMESTAMP', epoch],
  ['timestamptz', "'2021-03-04 03:06:07+00'::timestamp with time zone", '2021-03-04T03:06:07.000000Z'],
  ['timestamptz', "(CURRENT_TIMESTAMP + '1 day'::interval)", undefined],
  ['interval', "'1 day'::interval", 86_400_000_000n],
  ['bit', '\'1\'::"bit"', true, 1],
  ['bit', '\'101\'::"bit"', Uint8Array.of(5), 3],
  ['mood', "'happy day'::mood", 'happy day'],
  ['mood', "'ok'::public.mood", 'ok'],
  ['mood', "'ok'::other.mood", undefined],
  ['mood', "'ok'::text", undefined],
  ['mood', 'first_mood()', undefined],
  // Types that the reference knows no defaults of.
  ['bytea', "'\\xdead'::bytea", undefined],
  ['money', "'$3.50'::money", undefined],
  ['_int4', "'{1,2}'::integer[]", undefined],
  ['price', '12.30', undefined],
  ['citext', "'x'::citext", undefined],
  ['feeling', "'ok'::mood", undefined],
];

describe('column defaults', () => {
  for (const [typeName, expression, value, typeModifier = -1] of rows)
    test(`${typeName}: ${expression}`, () => {
      assert.deepEqual(builtinReader(typeName, {}, { typeModifier, defaultExpression: expression }).schema.default, value);
    });

  test('a decimal as string has the digits of its column', () => {
    const column = { typeModifier: numericModifier(12, 3), defaultExpression: '1.50' };
    assert.equal(builtinReader('numeric', { decimalHandlingMode: 'string' }, column).schema.default, '1.500');
  });

  test('an expression that is long and odd takes no time', () => {
    const before = process.cpuUsage();
    for (const character of ['a(', '(', "'", 'a, ']) builtinReader('text', {}, { defaultExpression: `f${character.repeat(50_000)}` });
    assert.ok(process.cpuUsage(before).user < 1_000_000, 'microseconds');
  });
});
