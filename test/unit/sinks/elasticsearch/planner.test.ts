import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonText } from '../../../../sinks/elasticsearch/json-text.ts';
import { elasticsearchSpec } from '../../../../sinks/elasticsearch/options.ts';
import { Planner } from '../../../../sinks/elasticsearch/planner.ts';
import { type SinkRecord, schemas, type Value } from '../../../../src/contract/index.ts';

function plan(value: Value, options: Readonly<Record<string, string>> = {}, partitions: readonly number[] = [0]) {
  const { config } = elasticsearchSpec.parse({ 'connection.url': 'http://a', 'behavior.on.null.values': 'delete', ...options });
  const place = { topic: 'T', partition: 0, offset: 0n };
  const common = { topic: 'T', partition: 0, timestamp: 0, headers: [], place, version: 1n };
  const record: SinkRecord = { ...common, keySchema: schemas.string, key: 'k', valueSchema: null, value };
  const planner = new Planner(config!.documents, config!.indices, new JsonText(true));
  planner.assigned(partitions.map(partition => ({ topic: 'T', partition })));
  return planner.plan(record, 0);
}

const envelope = (op: string, after: Value) =>
  new Map<string, Value>([
    ['op', op],
    ['after', after],
    ['source', new Map()],
  ]);

test('records of no row are passed over; those that should have one and have none fail', () => {
  assert.deepEqual(plan(envelope('m', null)), []);
  assert.throws(() => plan(envelope('c', '{"_id": 1}')), { name: 'RecordFault', message: /ExtractNewDocumentState/ });
  assert.throws(() => plan(envelope('t', null)), { name: 'RecordFault', message: /truncated/ });
  assert.throws(() => plan('a text'), { name: 'RecordFault', message: /no object/ });
  assert.deepEqual(
    plan(envelope('c', new Map([['a', 1]]))).map(planned => [planned.target, planned.kind]),
    [['t', 'write']],
  );
});

test('a truncation is of one partition, the whole of which the task has', () => {
  const truncation = envelope('t', null);
  const truncating = { 'truncate.enabled': 'true' };
  assert.deepEqual(
    plan(truncation, truncating).map(({ kind, target }) => [kind, target]),
    [['truncate', 't']],
  );
  assert.deepEqual(plan(truncation, { ...truncating, 'key.ignore': 'true' }), []);
  for (const partitions of [[0, 1], []])
    assert.throws(() => plan(truncation, truncating, partitions), { name: 'RecordFault', message: /one partition/ });
});
