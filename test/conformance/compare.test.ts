import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CompareOptions, compare } from './compare.ts';

type Settings = { run?: number; type?: string; tx?: number; name?: string; topic?: string; header?: Record<string, string> };

const schema = (type: string) => ({
  type: 'struct',
  fields: [{ field: 'id', type, optional: false }],
  optional: false,
  name: 'srv.public.t.Envelope',
});

function event(
  id: number,
  { run = 1, type = 'int32', tx = 700, name = `n${id}`, topic = 'srv.public.t', header = {} }: Settings = {},
): string {
  const source = {
    version: `3.6.${run}`,
    db: 'd',
    lsn: run * 100 + id,
    txId: run,
    xmin: null,
    sequence: `["${run}","${run + 1}"]`,
    ts_ms: run,
  };
  const after = { id, name, ts_ms: 5 };
  const payload = { before: null, after, op: 'c', ts_ms: 1e12 + run, source, transaction: { id: `${tx + run}:${run}`, total_order: 1 } };
  return JSON.stringify({
    topic,
    partition: 0,
    key: { schema: schema(type), payload: { id } },
    value: { schema: schema(type), payload },
    headers: { '__debezium.context.runId': `r${run}`, __source_ts_ms: String(run), ...header },
  });
}

const golden = [1, 2, 3].map(id => event(id));

function check(actual: readonly string[], options?: CompareOptions, from: readonly string[] = golden): [number, number, string] {
  const { matched, total, differences } = compare(from, actual, options);
  return [matched, total, differences.join('\n')];
}

test('volatile values do not count', () => {
  assert.deepEqual(check([1, 2, 3].map(id => event(id, { run: 9 }))), [3, 3, '']);
});

test('a changed value is named with its path', () => {
  const [matched, total, text] = check([event(1), event(2, { name: 'other' }), event(3)]);
  assert.deepEqual([matched, total], [2, 3]);
  assert.match(text, /value\.payload\.after\.name: expected "n2", got "other"/);
});

test('a field of the row that is named like a volatile one counts', () => {
  assert.equal(check([golden[0]!.replace('"ts_ms":5', '"ts_ms":6'), ...golden.slice(1)])[0], 2);
});

test('a missing and an unexpected record', () => {
  assert.match(check([event(1), event(3)])[2], /#2 key \{"id":2\}: missing/);
  const [matched, total, text] = check([...golden, event(4)]);
  assert.deepEqual([matched, total], [3, 4]);
  assert.match(text, /unexpected/);
});

test('a reordered record counts, unless order is free', () => {
  const moved = [event(2), event(1), event(3)];
  assert.match(check(moved)[2], /out of order/);
  assert.deepEqual(check(moved, { unordered: true }), [3, 3, '']);
  assert.deepEqual(check(moved, { unordered: ['srv.public.t'] }), [3, 3, '']);
});

test('a schema difference', () => {
  const [, , text] = check([event(1), event(2, { type: 'int64' }), event(3)]);
  assert.match(text, /value\.schema\.fields\[0\]\.type: expected "int32", got "int64"/);
});

test('a record in another topic', () => assert.equal(check([event(1, { topic: 'x' }), event(2), event(3)])[0], 2));

test('headers are maps', () => {
  assert.match(check([event(1, { header: { a: 'b' } }), event(2), event(3)])[2], /headers\.a: expected nothing, got "b"/);
  const other = JSON.parse(golden[0]!) as { headers: Record<string, string> };
  other.headers = Object.fromEntries(Object.entries(other.headers).reverse());
  assert.equal(check([JSON.stringify(other), ...golden.slice(1)])[0], 3);
});

test('transaction ids keep which of them are equal', () => {
  const two = [event(1, { tx: 1 }), event(2, { tx: 1 }), event(3, { tx: 2 })];
  assert.equal(check([event(1, { tx: 51 }), event(2, { tx: 51 }), event(3, { tx: 60 })], {}, two)[0], 3);
  assert.match(check([event(1, { tx: 51 }), event(2, { tx: 52 }), event(3, { tx: 60 })], {}, two)[2], /transaction ids/);
});

test('numbers compare by value and exactly', () => {
  const line = (number: string) => `{"topic":"t","partition":0,"key":null,"value":{"n":${number}},"headers":{}}`;
  const same = (a: string, b: string) => compare([line(a)], [line(b)]).matched === 1;
  assert.ok(same('12', '12.0') && same('1.0E10', '10000000000') && same('-0.0', '0') && same('1.5e300', '15e299'));
  assert.ok(!same('9007199254740993', '9007199254740992') && !same('1', '"1"') && !same('0.1', '0.10000001'));
});

test('null is not a number, and a sequence is a JSON array of two', () => {
  assert.match(check([golden[0]!.replace('"lsn":101', '"lsn":null'), ...golden.slice(1)])[2], /source\.lsn/);
  assert.match(check([golden[0]!.replace('[\\"1\\",\\"2\\"]', '1,2'), ...golden.slice(1)])[2], /source\.sequence/);
});

test('further volatile names', () => {
  const line = (n: number) => `{"topic":"t","partition":0,"key":null,"value":{"a":{"b":${n}},"c.d":${n}},"headers":{"h":"${n}"}}`;
  assert.equal(compare([line(1)], [line(2)]).matched, 0);
  assert.equal(compare([line(1)], [line(2)], { volatile: ['a.b', 'c.d', 'h'] }).matched, 1);
});

test('ignored topics', () => {
  assert.deepEqual(check([...golden, event(4, { topic: 'signals' })], { ignore: ['signals'] }), [3, 3, '']);
});

test('a key whose fields come in another order is another key', () => {
  const keyed = (key: object) => [JSON.stringify({ topic: 't', partition: 0, key, value: { a: 1, b: 2 }, headers: {} })];
  const [matched, total] = check(keyed({ y: 1, x: 2 }), undefined, keyed({ x: 2, y: 1 }));
  assert.deepEqual([matched, total], [0, 1]);
});
