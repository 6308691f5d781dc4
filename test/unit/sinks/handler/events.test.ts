import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChangeEvent } from '../../../../sinks/handler/api.ts';
import { type Schema, Struct, schemaOf, schemas, structSchema } from '../../../../src/contract/index.ts';
import { batch, created, deleted, envelope, type Fields, HandlerFixture, never, record, updated } from './handler-fixture.ts';

type Seen = { readonly name: string; readonly event: ChangeEvent & Readonly<Record<string, unknown>> };

const everything = `
  const see = name => event => { $probe.seen.push({ name, event }); };
  export default { users: { onCreate: see('onCreate'), onUpdate: see('onUpdate'), onDelete: see('onDelete'), onTruncate: see('onTruncate') } };`;

async function seenOf(
  values: readonly (readonly [key: Fields | null, value: Parameters<typeof record>[2]])[],
  config: Readonly<Record<string, string>> = {},
) {
  await using fixture = new HandlerFixture({ seen: [] as Seen[] });
  const sink = fixture.sink(fixture.module(everything), config);
  const result = await sink.write(batch(...values.map(([key, value]) => record('users', key, value))), never);
  return { seen: fixture.probe.seen, failed: result.failed };
}

const key = { id: 1 };
const ann = { id: 1, name: 'Ann', email: 'ann@example.com' };
const anne = { ...ann, name: 'Anne' };

test('a row that was made, changed and deleted are three events, and the tombstone behind them is none', async () => {
  const { seen, failed } = await seenOf([
    [key, created(ann)],
    [key, updated(ann, anne)],
    [key, deleted(anne)],
    [key, null],
  ]);
  assert.deepEqual(failed, []);
  assert.deepEqual(
    seen.map(({ name, event }) => [name, event['before'], event['after']]),
    [
      ['onCreate', null, ann],
      ['onUpdate', ann, anne],
      ['onDelete', anne, null],
    ],
  );
  const { event } = seen[1]!;
  assert.deepEqual(event['changed'], new Set(['name']));
  assert.deepEqual(event.key, key);
  assert.equal(event.operation, 'u');
  assert.equal(event.source?.['table'], 'users');
  assert.equal(event.changedAtMs, 1_700_000_000_000);
  assert.equal(event.place.topic, 'users');
  assert.equal(event.replayed, false);
});

test('a row that a snapshot read is one that was made', async () => {
  const { seen } = await seenOf([[key, envelope('r', null, ann)]]);
  assert.deepEqual(
    seen.map(({ name, event }) => [name, event.operation]),
    [['onCreate', 'r']],
  );
});

test('without the row as it was, what changed is not known', async () => {
  const { seen } = await seenOf([[key, updated(null, anne)]]);
  assert.equal(seen[0]!.event['before'], null);
  assert.equal(seen[0]!.event['changed'], null);
});

test('a column that the database did not send is not there, is named, and has not changed', async () => {
  const { seen } = await seenOf([[key, updated({ ...ann, bio: 'long' }, { ...anne, bio: '__debezium_unavailable_value' })]]);
  const { event } = seen[0]!;
  assert.deepEqual(event['after'], anne);
  assert.deepEqual(event['missing'], ['bio']);
  assert.deepEqual(event['changed'], new Set(['name']));
});

test('a table emptied is an event', async () => {
  const { seen } = await seenOf([[null, envelope('t', null, null)]]);
  assert.deepEqual(
    seen.map(({ name }) => name),
    ['onTruncate'],
  );
});

test('an unwrapped row says by __op what it is; one that does not say is refused', async () => {
  const { seen, failed } = await seenOf([
    [key, { ...ann, __op: 'c' }],
    [key, { ...anne, __op: 'u' }],
    [key, anne],
    [key, null],
  ]);
  assert.deepEqual(
    seen.map(({ name }) => name),
    ['onCreate', 'onUpdate', 'onDelete'],
  );
  assert.equal(failed.length, 1);
  assert.equal(failed[0]!.index, 2);
  assert.equal(failed[0]!.error.code, 'RECORD_REFUSED');
  assert.match(failed[0]!.error.remedy, /add\.fields=op/);
});

test('a rewritten delete is one event with its tombstone', async () => {
  const { seen } = await seenOf([
    [key, { ...ann, __op: 'd', __deleted: 'true' }],
    [key, null],
  ]);
  assert.deepEqual(
    seen.map(({ name, event }) => [name, (event['before'] as Fields | null)?.['name']]),
    [['onDelete', 'Ann']],
  );
});

test('a tombstone of which nothing is known is a delete; by option it always is, or never', async () => {
  const names = async (values: Parameters<typeof seenOf>[0], mode: string) =>
    (await seenOf(values, { 'handler.tombstones': mode })).seen.map(({ name }) => name);
  assert.deepEqual(await names([[key, null]], 'auto'), ['onDelete']);
  assert.deepEqual(await names([[key, null]], 'ignore'), []);
  assert.deepEqual(
    await names(
      [
        [key, null],
        [key, created(ann)],
      ],
      'auto',
    ),
    ['onCreate'],
    'what stands behind it says what it is',
  );
  assert.deepEqual(
    await names(
      [
        [key, deleted(ann)],
        [key, null],
      ],
      'delete',
    ),
    ['onDelete', 'onDelete'],
  );
});

test('messages, heartbeats and boundaries of transactions are no events', async () => {
  const heartbeat = structSchema([['ts_ms', schemas.int64]], { name: 'io.debezium.connector.common.Heartbeat' });
  const { seen, failed } = await seenOf([
    [null, envelope('m', null, null)],
    [null, new Struct(heartbeat, [1n])],
  ]);
  assert.deepEqual([seen, failed], [[], []]);
});

test('a row that cannot be read is refused, not passed over', async () => {
  const { seen, failed } = await seenOf([
    [key, { ...envelope('u', null, null), after: '{"_id": 1}' }],
    [key, 'text'],
  ]);
  assert.deepEqual(seen, []);
  assert.deepEqual(
    failed.map(({ error }) => [error.code, /ExtractNewDocumentState/.test(error.remedy), /value\.converter/.test(error.remedy)]),
    [
      ['RECORD_REFUSED', true, false],
      ['RECORD_REFUSED', false, true],
    ],
  );
});

test('with a schema, values are as a reader wants them', async () => {
  const decimal = schemaOf('bytes', { name: schemas.connectDecimal, parameters: { scale: '2' } });
  const fields: readonly (readonly [string, Schema])[] = [
    ['id', schemas.int64],
    ['large', schemas.int64],
    ['price', decimal],
    ['made', schemaOf('int64', { name: 'io.debezium.time.MicroTimestamp' })],
    ['preferences', schemaOf('string', { name: 'io.debezium.data.Json' })],
    ['photo', schemas.bytes],
  ];
  const row = structSchema(fields, { optional: true });
  const schema = structSchema([
    ['before', row],
    ['after', row],
    ['source', structSchema([['ts_ms', schemas.int64]])],
    ['op', schemas.string],
  ]);
  const after = new Struct(row, [7n, 2n ** 60n, Uint8Array.of(4, 210), 1_700_000_000_123_456n, '{"theme":"dark"}', Uint8Array.of(1, 2)]);
  const value = new Struct(schema, [null, after, new Struct(schema.field('source')!.schema, [5n]), 'c']);
  const { seen } = await seenOf([[key, value]]);
  assert.deepEqual(seen[0]!.event['after'], {
    id: 7,
    large: 2n ** 60n,
    price: '12.34',
    made: '2023-11-14T22:13:20.123456Z',
    preferences: { theme: 'dark' },
    photo: Uint8Array.of(1, 2),
  });
  assert.equal(seen[0]!.event.changedAtMs, 5);
});
