import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ConnectRecord, Struct, schemaOf, schemas, structSchema, type Value } from '../../../../src/contract/index.ts';
import { eventRouter } from '../../../../transforms/debezium/event-router.ts';
import { change, envelopeSchema, goldenRecords, idKey, struct, tombstone, writeRecord, writeValue } from './golden.ts';
import { faultsOf, type LogLine, transformOf } from './transform-under-test.ts';

const uuid = schemaOf('string', { name: 'io.debezium.data.Uuid', version: 1 });
const json = schemaOf('string', { name: 'io.debezium.data.Json', version: 1, optional: true });
const outboxRow = structSchema(
  [
    ['id', uuid],
    ['aggregatetype', schemas.string],
    ['aggregateid', schemas.string],
    ['type', schemas.string],
    ['payload', json],
    ['at', schemaOf('int64', { name: 'io.debezium.time.MicroTimestamp', version: 1, optional: true })],
    ['shard', schemas.optionalInt32],
    ['version', schemas.optionalInt32],
  ],
  { name: 'srv.public.outbox.Value' },
);
const envelope = envelopeSchema(outboxRow, 'srv.public.outbox');
const rowSchema = envelope.field('after')?.schema ?? outboxRow;

function event(fields: Readonly<Record<string, Value>> = {}, op = 'c'): ConnectRecord {
  const row = struct(rowSchema, { id: 'e-1', aggregatetype: 'order', aggregateid: 'o-1', type: 'Created', payload: '{"a": 1}', ...fields });
  return change(envelope, { op, after: op === 'd' ? null : row, before: op === 'c' ? null : row, key: idKey(1), tsMs: 1_700_000_000_123n });
}
const route = (options: Record<string, string> = {}, log: LogLine[] = []) => transformOf(eventRouter, options, log);

describe('EventRouter', () => {
  test('makes the same records as the reference in pg-outbox-custom', () => {
    const columns: readonly (readonly [string, Value])[][] = [
      [
        ['event_id', 1n],
        ['area', 'eu-orders'],
        ['entity', 'e1'],
        ['kind', 'created'],
        ['tenant', 't1'],
        ['attempt', 1],
        ['body', '{"id": 1, "deep": {"list": [1, 2], "flag": true}, "price": 1.5, "none": null}'],
      ],
      [
        ['event_id', 2n],
        ['area', 'us-orders'],
        ['entity', 'e2'],
        ['kind', 'created'],
        ['tenant', 't2'],
        ['body', '{"id": 2, "text": "ü ✓"}'],
      ],
      [
        ['event_id', 3n],
        ['area', 'us-orders'],
        ['entity', 'e2'],
        ['attempt', 2],
        ['body', '{"objects": [{"a": 1}, {"a": 2}], "big": 12345678901}'],
      ],
      [
        ['event_id', 4n],
        ['area', 'eu-users'],
        ['kind', 'note'],
        ['tenant', 't1'],
        ['attempt', 1],
        ['body', 'not json'],
      ],
      [
        ['event_id', 5n],
        ['area', 'eu-users'],
        ['entity', 'u1'],
        ['kind', 'gone'],
        ['tenant', 't1'],
        ['attempt', 1],
      ],
    ];
    const events = structSchema(
      [
        ['event_id', schemas.int64],
        ['area', schemas.string],
        ['entity', schemas.optionalString],
        ['kind', schemas.optionalString],
        ['tenant', schemas.optionalString],
        ['attempt', schemas.optionalInt32],
        ['shard', schemaOf('int32', { default: 0 })],
        ['body', schemas.optionalString],
        ['happened', schemaOf('int64', { name: 'io.debezium.time.Timestamp', version: 1 })],
      ],
      { name: 'srv.public.events.Value' },
    );
    const schema = envelopeSchema(events, 'srv.public.events');
    const transform = route({
      'table.field.event.id': 'event_id',
      'table.field.event.key': 'entity',
      'table.field.event.payload': 'body',
      'table.field.event.timestamp': 'happened',
      'table.expand.json.payload': 'true',
      'table.fields.additional.placement': 'kind:header:eventKind,tenant:envelope,attempt:envelope:try,shard:partition',
      'route.by.field': 'area',
      'route.topic.regex': '(.+)-(.+)',
      'route.topic.replacement': 'events.$2.$1',
      'route.tombstone.on.empty.payload': 'true',
    });
    const actual = columns.map(row => {
      const after = struct(schema.field('after')?.schema ?? events, { shard: 0, happened: 1_704_164_645_678n, ...Object.fromEntries(row) });
      const result = transform(change(schema, { op: 'c', after }));
      assert.ok(result);
      assert.equal(result.partition, 0);
      assert.equal(result.timestamp, 1_704_164_645_678);
      return writeRecord(result);
    });
    const expected = goldenRecords('pg-outbox-custom').map(({ topic, key, value, headers }) => ({
      topic,
      key,
      value,
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('__debezium'))),
    }));
    const ordered = [...actual].sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0));
    assert.deepEqual(ordered, expected);
  });

  test('takes topic, key, value, id and time from their columns', () => {
    const result = route()(event());
    assert.equal(result?.topic, 'outbox.event.order');
    assert.equal(result?.key, 'o-1');
    assert.equal(result?.keySchema?.type, 'string');
    assert.equal(result?.value, '{"a": 1}');
    assert.equal(result?.valueSchema, json);
    assert.equal(result?.timestamp, 1_700_000_000_123);
    assert.equal(result?.partition, null);
    assert.deepEqual(result?.headers, [{ key: 'id', schema: uuid, value: 'e-1' }]);
  });

  test('takes snapshot rows as events', () => {
    const inserted = event();
    assert.ok(inserted.value instanceof Struct);
    const { value } = inserted;
    const read = new Struct(
      envelope,
      value.values.map((item, at) => (at === envelope.indexOf('op') ? 'r' : item)),
    );
    assert.equal(route()({ ...inserted, value: read })?.topic, 'outbox.event.order');
  });

  test('drops deletes and tombstones and passes what has no envelope', () => {
    assert.equal(route()(event({}, 'd')), null);
    assert.equal(route()(tombstone(idKey(1))), null);
    const heartbeat = { ...event(), valueSchema: outboxRow };
    assert.equal(route()(heartbeat), heartbeat);
  });

  test('skips updates with a warning or an error, or fails', () => {
    for (const level of ['warn', 'error']) {
      const log: LogLine[] = [];
      assert.equal(route({ 'table.op.invalid.behavior': level }, log)(event({}, 'u')), null);
      assert.deepEqual(
        log.map(line => line.level),
        [level],
      );
    }
    assert.throws(() => route({ 'table.op.invalid.behavior': 'fatal' })(event({}, 'u')), { code: 'TRANSFORM_FAILED', message: /updated/ });
  });

  test('a null payload stays a null value, or becomes a tombstone if told so, as a blank one does', () => {
    assert.equal(route()(event({ payload: null }))?.valueSchema, json);
    const options = { 'route.tombstone.on.empty.payload': 'true' };
    for (const payload of [null, ' ']) {
      const result = route(options)(event({ payload }));
      assert.equal(result?.value, null);
      assert.equal(result?.valueSchema, null);
    }
  });

  test('the record takes its time from a column in milliseconds, microseconds or nanoseconds', () => {
    const options = { 'table.field.event.timestamp': 'at' };
    assert.equal(route(options)(event({ at: 1_700_000_001_999_999n }))?.timestamp, 1_700_000_001_999);
    assert.equal(route(options)(event())?.timestamp, 1_700_000_000_123);
    assert.throws(() => route({ 'table.field.event.timestamp': 'type' })(event()), {
      code: 'TRANSFORM_FAILED',
      message: /'type' is no timestamp/,
    });
  });

  test('the schema of the value carries the version of its column', () => {
    const options = { 'table.field.event.schema.version': 'version', 'table.fields.additional.placement': 'type:envelope' };
    const transform = route(options);
    assert.equal(transform(event({ version: 3 }))?.valueSchema?.version, 3);
    assert.equal(transform(event({ version: 4 }))?.valueSchema?.version, 4);
    assert.equal(transform(event({ version: 3 }))?.valueSchema, transform(event({ version: 3 }))?.valueSchema);
  });

  test('a schema keeps the name of the first route that used it, as in the reference', () => {
    const transform = route({ 'table.fields.additional.placement': 'type:envelope' });
    assert.equal(transform(event())?.valueSchema?.name, 'srv.public.outbox.order.Value');
    assert.equal(transform(event({ aggregatetype: 'invoice' }))?.valueSchema?.name, 'srv.public.outbox.order.Value');
  });

  test('columns that are missing fail the record by name, or are left out if told so', () => {
    const options = { 'table.fields.additional.placement': 'nowhere:header,type:header:kind' };
    assert.throws(() => route(options)(event()), { code: 'TRANSFORM_FAILED', message: /'nowhere'/ });
    const result = route({ ...options, 'table.field.additional.missing': 'ignore' })(event());
    assert.deepEqual(
      result?.headers.map(({ key, value }) => [key, value]),
      [
        ['id', 'e-1'],
        ['kind', 'Created'],
      ],
    );
    for (const option of ['table.field.event.id', 'table.field.event.key', 'table.field.event.payload', 'route.by.field'])
      assert.throws(() => route({ [option]: 'nowhere' })(event()), {
        code: 'TRANSFORM_FAILED',
        message: new RegExp(option.replaceAll('.', '\\.')),
      });
  });

  describe('expanding payloads', () => {
    const expand = (payload: string, options: Record<string, string> = {}, log: LogLine[] = []) =>
      route({ 'table.expand.json.payload': 'true', ...options }, log)(event({ payload }));

    test('members keep their order and get the narrowest type', () => {
      const result = expand('{"z": 1, "10": 2147483648, "2": 1.0, "s": "x", "b": false, "l": [[1]], "o": {"p": null}}');
      assert.deepEqual(
        result?.valueSchema?.fields.map(({ name, schema }) => [name, schema.type]),
        [
          ['z', 'int32'],
          ['10', 'int64'],
          ['2', 'float64'],
          ['s', 'string'],
          ['b', 'boolean'],
          ['l', 'array'],
          ['o', 'struct'],
        ],
      );
      assert.equal(result?.valueSchema?.field('o')?.schema.name, 'payload.o');
      assert.deepEqual(writeValue(result?.value ?? null), { z: 1, 10: 2147483648, 2: 1, s: 'x', b: false, l: [[1]], o: {} });
    });

    test('documents of one shape share one schema', () => {
      const transform = route({ 'table.expand.json.payload': 'true' });
      assert.equal(transform(event({ payload: '{"a": 1}' }))?.valueSchema, transform(event({ payload: '{"a": 2}' }))?.valueSchema);
    });

    test('nulls and empty arrays are left out, nulls kept as bytes if told so', () => {
      assert.deepEqual(writeValue(expand('{"a": null, "b": [], "c": 1}')?.value ?? null), { c: 1 });
      const kept = expand('{"a": null, "c": 1}', { 'table.json.payload.null.behavior': 'optional_bytes' });
      assert.equal(kept?.valueSchema?.field('a')?.schema.type, 'bytes');
      assert.deepEqual(writeValue(kept?.value ?? null), { a: null, c: 1 });
    });

    test('objects in an array share a schema with the fields of all', () => {
      const result = expand('{"l": [{"a": 1}, {"b": "x"}, null]}');
      const items = result?.valueSchema?.field('l')?.schema.valueSchema;
      assert.deepEqual(
        items?.fields.map(({ name }) => name),
        ['a', 'b'],
      );
      assert.equal(items?.optional, false);
      assert.deepEqual(writeValue(result?.value ?? null), { l: [{ a: 1, b: null }, { a: null, b: 'x' }, null] });
    });

    test('what cannot be expanded stays as it is, with a warning that shows nothing of it', () => {
      const payloads = [
        '',
        'secret',
        '"secret"',
        '[1, 2]',
        '{"a": secret}',
        '{"a": [1, "secret"]}',
        '{"a": [1, 1.5]}',
        '{"a": 99999999999999999999}',
        '{"l": [{"a": 1}, {"a": "x"}]}',
      ];
      for (const payload of payloads) {
        const log: LogLine[] = [];
        const result = expand(payload, {}, log);
        assert.equal(result?.value, payload);
        assert.equal(result?.valueSchema, json);
        assert.equal(log.length, 1, payload);
        assert.doesNotMatch(JSON.stringify(log), /secret/);
      }
    });

    test('what follows the document is not looked at', () => {
      assert.deepEqual(writeValue(expand('{"a": 1} and more')?.value ?? null), { a: 1 });
    });

    test('documents nested too deeply are refused, not overflowed', () => {
      const payload = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
      assert.equal(expand(payload)?.value, payload);
    });
  });

  test('refuses options that are not supported, forms it does not know and faulty expressions', () => {
    assert.deepEqual(faultsOf(eventRouter, { 'tracing.operation.name': 'x' }), ['tracing.operation.name']);
    assert.deepEqual(faultsOf(eventRouter, { 'table.fields.additional.placement': 'a:b' }), ['table.fields.additional.placement']);
    assert.deepEqual(faultsOf(eventRouter, { 'route.topic.regex': '(' }), ['route.topic.regex']);
    assert.deepEqual(faultsOf(eventRouter, { 'route.topic.replacement': '$7' }), ['route.topic.replacement']);
  });
});
