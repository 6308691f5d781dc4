import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConnectRecord, Struct, schemaOf, schemas, structSchema, type Value } from '../../../../src/contract/index.ts';
import { column, table, taskOf } from './task.ts';

/** The columns of `after` that these options make of a row. */
function after(options: Readonly<Record<string, string>>, columns: Parameters<typeof table>[1], row: readonly Value[]): readonly Value[] {
  const { compile, context } = taskOf(options);
  const records: ConnectRecord[] = [];
  compile(table('t', columns, ['id'])).emitCreate(records, row, context);
  const value = records[0]?.value;
  assert.ok(value instanceof Struct);
  const shown = value.get('after');
  assert.ok(shown instanceof Struct);
  return shown.values;
}

const id = column('id', schemas.int32);

test('a mask stands for null too, and only on columns of character types', () => {
  const columns = [
    id,
    column('a', schemas.optionalString),
    column('n', schemas.optionalInt32),
    column('ip', schemas.optionalString, { typeName: 'inet' }),
  ];
  assert.deepEqual(after({ 'column.mask.with.3.chars': 'public.t.(a|n|ip)' }, columns, [1, null, 5, '10.0.0.1']), [
    1,
    '***',
    5,
    '10.0.0.1',
  ]);
});

test('what the database says of a column’s type decides before its name does', () => {
  const columns = [
    id,
    column('a', schemas.optionalString, { typeName: 'inet', character: true }),
    column('b', schemas.optionalString, { character: false }),
  ];
  assert.deepEqual(after({ 'column.mask.with.0.chars': 'public.t.*' }, columns, [1, 'x', 'y']), [1, '', 'y']);
});

test('a hash is cut to the column’s length, and the hash of null is null', () => {
  const columns = [id, column('a', schemas.optionalString, { typeName: 'varchar', length: 8 }), column('b', schemas.optionalString)];
  const option = { 'column.mask.hash.v2.SHA-256.with.salt.salt': 'public\\.t\\.[ab]' };
  assert.deepEqual(after(option, columns, [1, 'hello', null]), [1, 'cd31b3b9', null]);
});

test('truncation cuts texts and plain bytes, but no number in bytes', () => {
  const decimal = schemaOf('bytes', { optional: true, name: 'org.apache.kafka.connect.data.Decimal' });
  const columns = [id, column('a', schemas.optionalString), column('b', schemas.optionalBytes), column('d', decimal)];
  const row = [1, 'abcdef', new Uint8Array([1, 2, 3]), new Uint8Array([4, 5, 6])];
  const cut = after({ 'column.truncate.to.2.chars': 'public.t.*' }, columns, row);
  assert.deepEqual(cut, [1, 'ab', new Uint8Array([1, 2]), new Uint8Array([4, 5, 6])]);
});

test('a column too short to be cut keeps its schema', () => {
  const { compile } = taskOf({ 'column.truncate.to.10.chars': 'public.t.*' });
  const { rowSchema } = compile(
    table('t', [column('short', schemas.string, { length: 10 }), column('long', schemas.string, { length: 11 })]),
  );
  assert.equal(rowSchema.field('short')?.schema.parameters, null);
  assert.deepEqual(rowSchema.field('long')?.schema.parameters, { truncateLength: '10' });
});

test('only the first option that matches a column is applied, and a mask that is lost by that is warned of', () => {
  const options = { 'column.propagate.source.type': '.*', 'column.mask.hash.v2.SHA-256.with.salt.S3CRET': 'public.t.a' };
  const columns = [id, column('a', schemas.string)];
  assert.deepEqual(after(options, columns, [1, 'plain']), [1, 'plain']);
  const { warnings } = taskOf(options).compile(table('t', columns, ['id']));
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /SHA-256\.with\.salt has no effect on the column public\.t\.a: .* here column\.propagate\.source\.type/);
  assert.doesNotMatch(warnings[0] ?? '', /S3CRET/);
});

test('types are propagated by column and by data type', () => {
  const { compile } = taskOf({ 'column.propagate.source.type': 'public.t.a', 'datatype.propagate.source.type': 'public\\.t\\.NUMERIC' });
  const { rowSchema } = compile(
    table('t', [
      column('a', schemas.string, { typeName: 'varchar', length: 5 }),
      column('n', schemas.string, { typeName: 'numeric', length: 9, scale: 0 }),
    ]),
  );
  assert.deepEqual(rowSchema.field('a')?.schema.parameters, {
    '__debezium.source.column.type': 'VARCHAR',
    '__debezium.source.column.length': '5',
    '__debezium.source.column.name': 'a',
  });
  assert.deepEqual(rowSchema.field('n')?.schema.parameters, {
    '__debezium.source.column.type': 'NUMERIC',
    '__debezium.source.column.length': '9',
    '__debezium.source.column.scale': '0',
    '__debezium.source.column.name': 'n',
  });
});

test('a struct names the schema that its type was added to', () => {
  const decimal = structSchema([['scale', schemas.int32]], { name: 'io.debezium.data.VariableScaleDecimal', optional: true });
  const columns = [id, column('n', decimal, { typeName: 'numeric' })];
  const { rowSchema } = taskOf({ 'column.propagate.source.type': '.*' }).compile(table('t', columns, ['id']));
  const [, value] = after({ 'column.propagate.source.type': '.*' }, columns, [1, new Struct(decimal, [2])]);
  assert.ok(value instanceof Struct);
  assert.deepEqual(value.schema, rowSchema.field('n')?.schema);
  assert.deepEqual(value.values, [2]);
});
