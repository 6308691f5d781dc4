import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Struct, Value } from '../../../../../src/contract/index.ts';
import { builtinReader, columnReader, numericModifier } from './columns.ts';

describe('createColumnReader', () => {
  test('leaves columns of unknown types out unless they are asked for', () => {
    for (const name of ['box', 'address', 'regclass', 'int4multirange']) {
      assert.equal(columnReader(name), null, name);
      assert.equal(builtinReader(name, { includeUnknownDatatypes: true }).schema.type, 'bytes', name);
    }
  });

  test('does not take the rows of a table for the extension’s type of that name', () => {
    assert.equal(columnReader('isbn'), null);
  });

  test('gives length and scale as JDBC reckons them', () => {
    const sizes: readonly (readonly [type: string, modifier: number, length: number, scale: number])[] = [
      ['int4', -1, 10, 0],
      ['varchar', 24, 20, 0],
      ['text', -1, 2_147_483_647, 0],
      ['numeric', numericModifier(9, 3), 9, 3],
      ['numeric', numericModifier(3, -2), 3, -2],
      ['timestamp', 3, 26, 3],
      ['timestamptz', -1, 35, 6],
      ['interval', -1, 49, 6],
      ['bit', 3, 3, 0],
      ['_numeric', numericModifier(8, 2), 8, 2],
      ['price', -1, 10, 2],
    ];
    for (const [typeName, typeModifier, length, scale] of sizes) {
      const reader = builtinReader(typeName, {}, { typeModifier });
      assert.deepEqual([reader.length, reader.scale, reader.typeName], [length, scale, typeName.toUpperCase()], typeName);
    }
  });

  test('a geometry’s schema is optional whatever its column says, as in the reference', () => {
    assert.equal(builtinReader('geometry', {}, { notNull: true }).schema.optional, true);
    assert.equal(builtinReader('geography', {}, { notNull: true }).schema.optional, false);
  });

  test('structs carry the column’s own schema', () => {
    for (const name of ['numeric', 'point', 'geography', 'sparsevec']) {
      const reader = builtinReader(name, {}, { notNull: true });
      assert.equal((reader.whenNull as Struct).schema, reader.schema, name);
    }
  });
});

describe('SQL NULL', () => {
  test('is null where the column allows it, even with a default', () => {
    assert.equal(builtinReader('int4').whenNull, null);
    assert.equal(builtinReader('int4', {}, { defaultExpression: '7' }).whenNull, null);
  });

  test('is the default of a NOT NULL column, else what its type falls back to', () => {
    assert.equal(builtinReader('int4', {}, { notNull: true, defaultExpression: '7' }).whenNull, 7);
    const fallbacks: readonly (readonly [type: string, value: Value])[] = [
      ['int2', 0],
      ['int8', 0n],
      ['float8', 0],
      ['bool', false],
      ['text', ''],
      ['mood', ''],
      ['uuid', ''],
      ['bytea', new Uint8Array(0)],
      ['varbit', new Uint8Array(0)],
      ['date', 0],
      ['timestamp', 0n],
      ['timestamptz', '1970-01-01T00:00:00Z'],
      ['timetz', '00:00:00Z'],
      ['interval', 0n],
      ['hstore', '{}'],
      ['_int4', []],
      ['price', Uint8Array.of(0)],
      ['money', Uint8Array.of(0)],
    ];
    for (const [typeName, value] of fallbacks) assert.deepEqual(builtinReader(typeName, {}, { notNull: true }).whenNull, value, typeName);
    const strings = { decimalHandlingMode: 'string', intervalHandlingMode: 'string', timePrecisionMode: 'isostring' } as const;
    assert.equal(builtinReader('price', strings, { notNull: true }).whenNull, '0.00');
    assert.equal(builtinReader('interval', strings, { notNull: true }).whenNull, 'P0Y0M0DT0H0M0S');
    assert.equal(builtinReader('timestamp', strings, { notNull: true }).whenNull, '1970-01-01T00:00:00Z');
  });
});

describe('values that were not sent', () => {
  const placeholder = '__debezium_unavailable_value';
  const codes = [...Buffer.from(placeholder)];

  test('are the placeholder in the form of their type', () => {
    const expected: readonly (readonly [type: string, value: Value])[] = [
      ['text', placeholder],
      ['jsonb', placeholder],
      ['bytea', new Uint8Array(codes)],
      ['hstore', `{"${placeholder}":"${placeholder}"}`],
      ['_text', [placeholder]],
      ['_jsonb', [placeholder]],
      ['_bytea', [new Uint8Array(codes)]],
      ['_int4', codes],
      ['_date', codes],
      ['_int8', codes.map(BigInt)],
      // The name-based UUID of the placeholder's bytes.
      ['_uuid', ['b68a35a7-17ad-35b3-af2a-ae46edb4545a']],
    ];
    for (const [typeName, value] of expected) assert.deepEqual(builtinReader(typeName).unavailable, value, typeName);
  });

  test('may be given in hexadecimal', () => {
    const reader = builtinReader('bytea', { unavailableValuePlaceholder: 'hex:00ff' });
    assert.deepEqual([...(reader.unavailable as Uint8Array)], [0, 255]);
    assert.equal(builtinReader('text', { unavailableValuePlaceholder: 'hex:6162' }).unavailable, 'ab');
  });

  test('stay recognisable in every binary mode', () => {
    assert.equal(builtinReader('bytea', { binaryHandlingMode: 'hex' }).unavailable, placeholder);
    const base64 = builtinReader('bytea', { binaryHandlingMode: 'base64' }, { notNull: true }).unavailable;
    assert.equal(base64, Buffer.from(placeholder).toString('base64'));
  });

  test('are null where the reference has no placeholder and the column may be NULL', () => {
    assert.equal(builtinReader('bytea', { binaryHandlingMode: 'base64' }).unavailable, null);
    for (const typeName of ['numeric', 'varbit', '_float8', '_bool', '_timestamptz', '_numeric', '_mood', '_citext'])
      assert.equal(builtinReader(typeName).unavailable, null, typeName);
    assert.deepEqual(builtinReader('_float8', {}, { notNull: true }).unavailable, codes);
  });
});
