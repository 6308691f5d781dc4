import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fieldNameAdjuster, schemaNameAdjuster } from '../../../../connectors/debezium/name-adjustment.ts';

test('without adjustment names stay', () => {
  assert.equal(schemaNameAdjuster('none')('a b-ü.1'), 'a b-ü.1');
  assert.equal(fieldNameAdjuster('none')('a b-ü.1'), 'a b-ü.1');
});

test('avro: underscores, and a leading digit stays behind its own', () => {
  const adjust = schemaNameAdjuster('avro');
  assert.equal(adjust('my-server.public.t 1.Key'), 'my_server.public.t_1.Key');
  assert.equal(adjust('1a'), '_1a');
  assert.equal(adjust('-a'), '_a');
  assert.equal(fieldNameAdjuster('avro')('a.b'), 'a_b');
  assert.equal(fieldNameAdjuster('avro')('2nd'), '_2nd');
  assert.equal(fieldNameAdjuster('avro')('۰a'), '_۰a', 'Debezium keeps a leading digit of any script, which Avro does not');
});

test('avro_unicode: the underscore escapes, so it is escaped too', () => {
  const adjust = schemaNameAdjuster('avro_unicode');
  assert.equal(adjust('a_b.c'), 'a_u005fb.c');
  assert.equal(adjust('1a'), '_u0031a');
  assert.equal(adjust('日'), '_u65e5');
  assert.equal(adjust('aα'), 'a_u3b1');
});

test('adjusted field names are what Avro allows, but for a leading digit that is kept', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), fc.constantFrom('avro' as const, 'avro_unicode' as const), (name, mode) => {
      const digit = mode === 'avro' ? (/^\p{Nd}/u.exec(name.charAt(0))?.[0] ?? '') : '';
      assert.match(fieldNameAdjuster(mode)(name).replace(digit, ''), /^[A-Za-z_][A-Za-z0-9_]*$/);
    }),
  );
});
