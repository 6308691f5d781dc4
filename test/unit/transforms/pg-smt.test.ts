import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { envelopeSchema, type Operation } from '../../../connectors/debezium/envelope.ts';
import {
  type ConnectRecord,
  type Header,
  type RawConfig,
  type Schema,
  Struct,
  schemaOf,
  schemas,
  structSchema,
  unscaledBytes,
  type Value,
} from '../../../src/contract/index.ts';
import { jsonConverter } from '../../../src/converters/json/plugin.ts';
import { compileTransforms } from '../../../src/engine/transform/transform-chain.ts';
import { registry } from '../../../src/registry.ts';
import { context, make } from './records.ts';

/** The case pg-smt without a database: its rows as the source publishes them, through its own transforms, against what the reference published. */
const folder = new URL('../../conformance/cases/pg-smt/', import.meta.url);
const { config } = JSON.parse(readFileSync(new URL('case.json', folder), 'utf8')) as { config: RawConfig };
type Golden = { topic: string; key: unknown; value: unknown; headers: Record<string, string | null> };
const golden = readFileSync(new URL('golden.ndjson', folder), 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as Golden & { partition: number })
  .map(({ partition: _, ...record }): Golden => record);

const converter = make(jsonConverter, { 'schemas.enable': 'true' });
const keySchema = (table: string) => structSchema([['id', schemas.int32]], { name: `srv.public.${table}.Key` });

const users = structSchema(
  [
    ['id', schemas.int32],
    ['name', schemas.string],
    ['phone', schemas.optionalString],
    ['pin', schemas.optionalInt32],
    ['score', schemas.optionalFloat64],
    ['internal', schemas.optionalString],
    ['at', schemaOf('int64', { optional: true, name: 'io.debezium.time.MicroTimestamp', version: 1 })],
  ],
  { optional: true, name: 'srv.public.users.Value' },
);

const decimal = schemaOf('bytes', {
  optional: true,
  name: schemas.connectDecimal,
  version: 1,
  parameters: { scale: '2', 'connect.decimal.precision': '8' },
});
const orders = (table: string) =>
  structSchema(
    [
      ['id', schemas.int32],
      ['shop', schemas.string],
      ['qty', schemas.optionalInt32],
      ['price', decimal],
      ['flag', schemas.optionalBoolean],
      ['big', schemas.optionalInt64],
      ['ratio', schemas.optionalFloat32],
      ['code', schemas.optionalString],
      ['placed', schemas.optionalString],
    ],
    { optional: true, name: `srv.public.${table}.Value` },
  );
const [orders1, orders2] = [orders('orders_1'), orders('orders_2')];

const source = structSchema([['version', schemas.string]], { name: 'io.debezium.connector.postgresql.Source' });
const text = (key: string, value: string): Header => ({ key, schema: schemas.string, value });
const contextHeaders = (table: string): readonly Header[] => {
  const runId = golden.find(({ topic }) => topic.includes(table))?.headers['__debezium.context.runId'] ?? '';
  return [
    text('__debezium.context.connectorLogicalName', 'srv'),
    text('__debezium.context.taskId', '0'),
    text('__debezium.context.connectorName', 'postgresql'),
    text('__debezium.context.runId', runId),
  ];
};

function change(table: string, row: Schema, op: Operation, values: readonly Value[], more: readonly Header[] = []): ConnectRecord {
  const struct = new Struct(row, values);
  const schema = envelopeSchema(`srv.public.${table}.Envelope`, row, source);
  const [before, after] = op === 'd' ? [struct, null] : [null, struct];
  const ofKey = keySchema(table);
  return {
    topic: `srv.public.${table}`,
    partition: null,
    timestamp: null,
    keySchema: ofKey,
    key: new Struct(ofKey, [values[0] ?? null]),
    valueSchema: schema,
    value: new Struct(schema, [before, after, new Struct(source, ['3.6.1.Final']), null, op, 1n, 1n, 1n]),
    headers: [...more, ...contextHeaders(table.slice(0, 6))],
  };
}

const cents = (value: number) => unscaledBytes(BigInt(value));
const micros = (time: string, fraction: bigint) => BigInt(Date.parse(`${time}Z`)) * 1000n + fraction;

const changes: readonly ConnectRecord[] = [
  change('orders_1', orders1, 'r', [1, 's1', 3, cents(999), true, 5_000_000_000n, 2.75, '42', '2024-05-06 07:08']),
  change('orders_1', orders1, 'r', [2, 's1', null, null, null, null, null, null, null]),
  change('orders_2', orders2, 'r', [1, 's2', 1, cents(100), false, -1n, -2.75, '-7', '1999-12-31 23:59']),
  change('orders_1', orders1, 'u', [1, 's1', 4, cents(999), true, 5_000_000_000n, 2.75, '42', '2024-05-06 07:08']),
  change('orders_2', orders2, 'c', [2, 's3', 7, cents(1), true, 2_147_483_648n, 0.5, '9007199254740993', '2000-02-29 00:00']),
  change('orders_1', orders1, 'd', [2, '', null, null, null, null, null, null, null]),
  change('users', users, 'r', [1, 'Ann', '555-1', 1234, 9.5, 'i', micros('2024-01-02T03:04:05', 678_901n)]),
  change('users', users, 'r', [2, 'Bob', null, null, null, null, null]),
  change('users', users, 'c', [3, 'Cat', '555-3', 1, -0.5, 'j', -1n]),
  change('users', users, 'u', [1, 'ANN', '555-1', 1234, 9.5, 'i', micros('2024-01-02T03:04:05', 678_901n)]),
  change('users', users, 'd', [2, '', null, null, null, null, null], [text('__debezium.newkey', '{"id":20}')]),
  change('users', users, 'c', [20, 'Bob', null, null, null, null, null], [text('__debezium.oldkey', '{"id":2}')]),
  change('users', users, 'd', [3, '', null, null, null, null, null]),
];

function json(schema: Schema | null, value: Value): unknown {
  const bytes = converter.serialize('t', schema, value);
  return bytes === null ? null : JSON.parse(Buffer.from(bytes).toString());
}

function published(record: ConnectRecord): Golden {
  return {
    topic: record.topic,
    key: json(record.keySchema, record.key),
    value: json(record.valueSchema, record.value),
    headers: Object.fromEntries(record.headers.map(({ key, value }) => [key, value === null ? null : String(value)])),
  };
}

test('the rows of pg-smt come out as the reference published them', async () => {
  const chain = await compileTransforms(config, registry, context);
  assert.deepEqual([chain.faults, chain.warnings], [[], []]);
  const expected = golden.filter(({ topic }) => topic === 'public-orders' || topic === 'srv.public.users');
  assert.equal(changes.length, expected.length);
  // Orders of two tables share a topic; within a topic the order of publication is kept.
  const actual = changes.map(record => chain.apply?.(record)).map(record => (record ? published(record) : null));
  assert.deepEqual(actual, expected);
});

test('whole envelopes of pg-smt are laid flat as the reference does it', async () => {
  const chain = await compileTransforms(config, registry, context);
  const row = structSchema(
    [
      ['id', schemas.int32],
      ['v', schemas.optionalString],
      ['j', schemaOf('string', { optional: true, name: 'io.debezium.data.Json', version: 1 })],
    ],
    { optional: true, name: 'srv.public.envelopes.Value' },
  );
  const output = chain.apply?.(change('envelopes', row, 'r', [1, 'v1', '{"a": 1}']));
  const expected = golden.find(({ topic }) => topic === 'srv.public.envelopes');
  type Flat = { schema: { fields: { field: string }[] }; payload: Record<string, unknown> };
  const [ours, theirs] = [output && published(output).value, expected?.value] as [Flat, Flat];
  const isRow = (name: string) => /^(?:before|after|transaction)_|^source_version$|^(?:op|ts_..)$/.test(name);
  const fields = ({ schema }: Flat) => schema.fields.filter(({ field }) => isRow(field));
  assert.deepEqual(fields(ours), fields(theirs));
  const payload = (flat: Flat) => Object.entries(flat.payload).filter(([name]) => isRow(name) && !name.startsWith('ts_'));
  assert.deepEqual(payload(ours), payload(theirs));
  assert.deepEqual(output && published(output).key, expected?.key);
  assert.deepEqual({ ...ours.schema, fields: [] }, { ...theirs.schema, fields: [] });
});

test('tombstones and dropped tables of pg-smt end in their filters, and are counted', async () => {
  const chain = await compileTransforms(config, registry, context);
  const row = structSchema([['id', schemas.int32]], { optional: true, name: 'srv.public.dropped.Value' });
  assert.equal(chain.apply?.(change('dropped', row, 'c', [1])), null);
  assert.equal(
    chain.apply?.({ ...change('users', users, 'd', [3, '', null, null, null, null, null]), valueSchema: null, value: null }),
    null,
  );
  assert.deepEqual([chain.dropped.get('drop'), chain.dropped.get('tombs')], [1, 1]);
});
