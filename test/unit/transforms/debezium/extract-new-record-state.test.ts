import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { arraySchema, type ConnectRecord, Schema, Struct, schemaOf, schemas, structSchema } from '../../../../src/contract/index.ts';
import { extractChangedRecordState } from '../../../../transforms/debezium/extract-changed-record-state.ts';
import { extractNewRecordState } from '../../../../transforms/debezium/extract-new-record-state.ts';
import {
  change,
  envelopeSchema,
  goldenRecords,
  idKey,
  readRow,
  struct,
  tombstone,
  writeRecord,
  writeSchema,
  writeValue,
} from './golden.ts';
import { type LogLine, transformOf } from './transform-under-test.ts';

const rowSchema = structSchema(
  [
    ['id', schemas.int32],
    ['name', schemaOf('string', { optional: true, default: 'unnamed' })],
    ['area', schemas.optionalString],
  ],
  { name: 'srv.public.t.Value' },
);
const envelope = envelopeSchema(rowSchema, 'srv.public.t');
const optionalRow = envelope.field('after')?.schema ?? rowSchema;
const row = (id: number, name: string | null, area: string | null = null) => new Struct(optionalRow, [id, name, area]);
const create = change(envelope, { op: 'c', after: row(1, 'a'), key: idKey(1) });
const remove = change(envelope, { op: 'd', before: row(1, null, 'north'), key: idKey(1) });
const rowOf = (record: ConnectRecord | null) => record && writeValue(record.value);
const unwrap = (options: Record<string, string> = {}, log: LogLine[] = []) => transformOf(extractNewRecordState, options, log);

describe('ExtractNewRecordState', () => {
  test('makes the same records as the reference in pg-unwrap-tombstone', () => {
    const golden = goldenRecords('pg-unwrap-tombstone');
    const complete = golden.map(({ value }) => readRow(value)).find(value => value !== null);
    assert.ok(complete);
    // The row as the table has it: what the transform added is cut off.
    const table = structSchema(
      complete.schema.fields.filter(({ name }) => !name.startsWith('__')).map(({ name, schema }) => [name, schema]),
      { name: complete.schema.name, optional: true },
    );
    const place = envelopeSchema(table, 'srv.public.place');
    const schema = place.field('after')?.schema ?? table;
    const transforms = [
      transformOf(extractChangedRecordState, { 'header.changed.name': 'changed', 'header.unchanged.name': 'unchanged' }),
      unwrap({
        'delete.tombstone.handling.mode': 'tombstone',
        'replace.null.with.default': 'false',
        'add.fields': 'op:operation,table:origin,source.schema',
        'add.headers': 'op',
        'route.by.field': 'area',
      }),
    ];
    const expected = golden.map(({ topic, key, value, headers }) => ({ topic, key, value, headers }));
    const actual = golden.map(({ topic, key, value, headers }) => {
      const unwrapped = readRow(value);
      const after = unwrapped && new Struct(schema, unwrapped.values.slice(0, schema.fields.length));
      const differing: string[] = JSON.parse(headers['changed'] ?? '[]');
      const hadBefore = headers['__op'] === 'u';
      const other = (at: number) =>
        schema.fields[at]?.schema.type === 'string' ? 'before' : schema.fields[at]?.schema.type === 'int64' ? 99n : 99;
      const before =
        after === null
          ? struct(schema, { id: 0, area: topic })
          : hadBefore
            ? new Struct(
                schema,
                after.values.map((item, at) => (differing.includes(schema.fields[at]?.name ?? '') ? other(at) : item)),
              )
            : null;
      const { changed: _changed, unchanged: _unchanged, __op: op, ...original } = headers;
      const record = change(place, {
        topic: 'srv.public.place',
        op: op ?? '',
        before,
        after,
        key: readRow(key),
        source: { table: 'place' },
        headers: Object.entries(original).map(([name, text]) => ({ key: name, schema: schemas.string, value: text })),
      });
      const result = transforms.reduce<ConnectRecord | null>((input, transform) => input && transform(input), record);
      assert.ok(result);
      return writeRecord(result);
    });
    assert.deepEqual(actual, expected);
  });

  test('leaves the row as it is, under a schema that is no longer optional', () => {
    const result = unwrap()(create);
    assert.deepEqual(rowOf(result), { id: 1, name: 'a', area: null });
    assert.deepEqual(writeSchema(result?.valueSchema ?? schemas.string), writeSchema(rowSchema));
    assert.equal(result?.key, create.key);
  });

  test('builds a schema once, so that later caches hit', () => {
    const transform = unwrap({ 'delete.tombstone.handling.mode': 'rewrite', 'add.fields': 'op,lsn' });
    assert.equal(transform(create)?.valueSchema, transform(create)?.valueSchema);
    assert.equal(transform(create)?.valueSchema, transform(remove)?.valueSchema);
  });

  test('passes records without an envelope as they are', () => {
    const heartbeat = { ...create, valueSchema: rowSchema, value: row(1, 'a') };
    assert.equal(unwrap()(heartbeat), heartbeat);
  });

  test('drops truncates in every mode', () => {
    for (const mode of ['drop', 'tombstone', 'rewrite', 'rewrite-with-tombstone', 'delete-to-tombstone'])
      assert.equal(unwrap({ 'delete.tombstone.handling.mode': mode })(change(envelope, { op: 't' })), null);
  });

  describe('deletes and tombstones', () => {
    const outcome = (options: Record<string, string>) => {
      const transform = unwrap(options);
      const kind = (record: ConnectRecord | null) => {
        if (record === null) return 'dropped';
        if (record.value === null) return record.valueSchema === null ? 'tombstone' : 'null';
        return 'row';
      };
      return [kind(transform(remove)), kind(transform(tombstone(idKey(1))))];
    };

    test('follow delete.tombstone.handling.mode', () => {
      const mode = (value: string) => outcome({ 'delete.tombstone.handling.mode': value });
      assert.deepEqual(mode('drop'), ['dropped', 'dropped']);
      assert.deepEqual(mode('tombstone'), ['null', 'dropped']);
      assert.deepEqual(mode('rewrite'), ['row', 'dropped']);
      assert.deepEqual(mode('rewrite-with-tombstone'), ['row', 'tombstone']);
      assert.deepEqual(mode('delete-to-tombstone'), ['tombstone', 'dropped']);
      assert.deepEqual(outcome({}), ['null', 'dropped']);
    });

    test('follow the options of 1.x where those are given', () => {
      assert.deepEqual(outcome({ 'drop.tombstones': 'false', 'delete.handling.mode': 'rewrite' }), ['row', 'tombstone']);
      assert.deepEqual(outcome({ 'delete.handling.mode': 'rewrite' }), ['row', 'dropped']);
      assert.deepEqual(outcome({ 'delete.handling.mode': 'none' }), ['null', 'dropped']);
      assert.deepEqual(outcome({ 'delete.handling.mode': 'drop', 'drop.tombstones': 'false' }), ['dropped', 'tombstone']);
      assert.deepEqual(outcome({ 'drop.tombstones': 'false' }), ['dropped', 'tombstone']);
    });

    test('follow the modern option where both are given', () => {
      assert.deepEqual(outcome({ 'delete.tombstone.handling.mode': 'drop', 'drop.tombstones': 'false' }), ['dropped', 'dropped']);
    });

    test('the old names make the same records as the reference under their modern equivalent (pg-seed)', () => {
      const old = unwrap({ 'drop.tombstones': 'false', 'delete.handling.mode': 'rewrite' });
      const modern = unwrap({ 'delete.tombstone.handling.mode': 'rewrite-with-tombstone' });
      for (const record of [create, remove, tombstone(idKey(1))])
        assert.deepEqual(writeRecord(old(record) ?? record), writeRecord(modern(record) ?? record));
    });

    test('the old names are warned of', () => {
      const { warnings } = extractNewRecordState.spec.parse({ 'drop.tombstones': 'false', 'delete.handling.mode': 'rewrite' });
      assert.deepEqual(
        warnings.map(({ option }) => option),
        ['drop.tombstones', 'delete.handling.mode'],
      );
    });
  });

  describe('rewriting', () => {
    const rewrite = { 'delete.tombstone.handling.mode': 'rewrite' };

    test('marks deleted rows with the text true, all others with false', () => {
      assert.deepEqual(rowOf(unwrap(rewrite)(create)), { id: 1, name: 'a', area: null, __deleted: 'false' });
      assert.deepEqual(rowOf(unwrap(rewrite)(remove)), { id: 1, name: 'unnamed', area: 'north', __deleted: 'true' });
    });

    test('keeps nulls of columns with a default if told so', () => {
      const result = unwrap({ ...rewrite, 'replace.null.with.default': 'false' })(remove);
      assert.deepEqual(rowOf(result), { id: 1, name: null, area: 'north', __deleted: 'true' });
    });

    test('puts __deleted before the added fields', () => {
      const result = unwrap({ ...rewrite, 'add.fields': 'op' })(remove);
      assert.deepEqual(
        result?.valueSchema?.fields.map(({ name }) => name),
        ['id', 'name', 'area', '__deleted', '__op'],
      );
    });
  });

  describe('routing by a field', () => {
    test('takes the topic from the row, of deletes from the row before', () => {
      const transform = unwrap({ 'route.by.field': 'area' });
      assert.equal(transform(change(envelope, { op: 'c', after: row(1, 'a', 'south') }))?.topic, 'south');
      assert.equal(transform(remove)?.topic, 'north');
    });

    test('keeps the topic where the field is null or blank', () => {
      const transform = unwrap({ 'route.by.field': 'area' });
      assert.equal(transform(create)?.topic, create.topic);
      assert.equal(transform(change(envelope, { op: 'c', after: row(1, 'a', ' ') }))?.topic, create.topic);
    });

    test('fails on a column that is missing or no text, and names it', () => {
      for (const column of ['id', 'nowhere'])
        assert.throws(() => unwrap({ 'route.by.field': column })(create), { code: 'TRANSFORM_FAILED', message: new RegExp(`'${column}'`) });
    });
  });

  describe('dropping fields', () => {
    const names = new Schema('array', { valueSchema: schemas.optionalString, optional: true });
    const listing = (record: ConnectRecord, ...listed: string[]) => ({
      ...record,
      headers: [{ key: 'gone', schema: names, value: listed }],
    });
    const options = { 'drop.fields.header.name': 'gone' };

    test('removes what the header lists, if optional', () => {
      assert.deepEqual(rowOf(unwrap(options)(listing(create, 'area', 'id'))), { id: 1, name: 'a' });
    });

    test('removes required fields too if compatibility is not asked for', () => {
      const result = unwrap({ ...options, 'drop.fields.keep.schema.compatible': 'false' })(listing(create, 'area', 'id'));
      assert.deepEqual(rowOf(result), { name: 'a' });
    });

    test('puts defaults in place of null in what stays', () => {
      const record = change(envelope, { op: 'c', after: row(1, null, 'x') });
      assert.deepEqual(rowOf(unwrap(options)(listing(record, 'area'))), { id: 1, name: 'unnamed' });
    });

    test('removes from the key if asked', () => {
      const key = new Struct(
        structSchema([
          ['id', schemas.int32],
          ['area', schemas.optionalString],
        ]),
        [1, 'x'],
      );
      const record = listing({ ...create, key, keySchema: key.schema }, 'area');
      assert.deepEqual(writeValue(unwrap({ ...options, 'drop.fields.from.key': 'true' })(record)?.key ?? null), { id: 1 });
      assert.equal(unwrap(options)(record)?.key, key);
    });

    test('leaves added fields of a delete, takes those of an insert', () => {
      const transform = unwrap({ ...options, 'add.fields': 'op', 'delete.tombstone.handling.mode': 'rewrite' });
      assert.deepEqual(rowOf(transform(listing(create, '__op'))), { id: 1, name: 'a', area: null, __deleted: 'false' });
      assert.deepEqual(rowOf(transform(listing(remove, '__op', 'area'))), { id: 1, name: 'unnamed', __deleted: 'true', __op: 'd' });
    });

    test('leaves records without the header', () => {
      assert.deepEqual(rowOf(unwrap(options)(create)), { id: 1, name: 'a', area: null });
    });

    test('fails on a header that is no list', () => {
      const record = { ...create, headers: [{ key: 'gone', schema: schemas.string, value: 'area' }] };
      assert.throws(() => unwrap(options)(record), { code: 'TRANSFORM_FAILED', message: /'gone'/ });
    });
  });

  test('an unwrapped row holds exactly the fields of its schema, whatever the options', () => {
    const modes = ['drop', 'tombstone', 'rewrite', 'rewrite-with-tombstone', 'delete-to-tombstone'];
    const added = fc.uniqueArray(fc.constantFrom('op', 'ts_ms', 'table', 'source.lsn', 'transaction.id', 'nothing'));
    fc.assert(
      fc.property(fc.constantFrom(...modes), added, fc.constantFrom(create, remove), fc.boolean(), (mode, fields, record, listed) => {
        const names = arraySchema(schemas.optionalString);
        const input = listed ? { ...record, headers: [{ key: 'gone', schema: names, value: ['area'] }] } : record;
        const result = unwrap({ 'delete.tombstone.handling.mode': mode, 'add.fields': fields.join(), 'drop.fields.header.name': 'gone' })(
          input,
        );
        if (result === null || result.value === null) return record === remove;
        assert.ok(result.value instanceof Struct);
        assert.equal(result.value.schema, result.valueSchema);
        assert.equal(result.value.values.length, result.valueSchema?.fields.length);
        assert.ok(result.value.values.every(value => value !== undefined));
        return true;
      }),
    );
  });
});
