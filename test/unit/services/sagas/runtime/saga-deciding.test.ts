import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, LogRecord } from '../../../../../src/contract/index.ts';
import { SagaDeciding } from '../../../../../src/services/sagas/runtime/saga-deciding.ts';
import { SagaInstances } from '../../../../../src/services/sagas/runtime/saga-instances.ts';
import { deadLettersTopicOf } from '../../../../../src/services/sagas/runtime/saga-topics.ts';
import { saga, step } from '../definitions.ts';

/** A saga whose answers share a topic, where their types tell them apart. */
const pinned = saga([
  [step('A', { success: [{ topic: 'replies', type: 'Done' }], failure: [{ topic: 'replies', type: 'Refused' }], compensation: null })],
]);

let offset = 0n;
function record(topic: string, value: JsonObject, key: string | null = null): LogRecord {
  return {
    ...{ topic, partition: 0, offset: offset++, timestampMs: 1_000, key: null, value: Buffer.from(JSON.stringify(value)) },
    headers: key === null ? [] : [{ key: 'idempotencyKey', value: Buffer.from(key) }],
  };
}

test('an answer that fits no step is a dead letter where it answers this saga, and nobody’s else', () => {
  const instances = new SagaInstances();
  instances.define(pinned);
  const deciding = new SagaDeciding(pinned, instances, () => 1_000);
  const records = [
    record('started', { id: '1' }),
    record('replies', { id: '1', type: 'Misspelt', secret: 'value' }, 'test:1:A:1'),
    record('replies', { id: '1', type: 'OfAnother' }),
    record('replies', { id: '1', type: 'Done' }, 'another:1:A:1'),
    record('replies', { id: '1', type: 'Done' }, 'test:1:A:1'),
  ];
  deciding.messages(deciding.read(records).read);
  const { heard, dead, moved } = deciding.take();
  assert.deepEqual(heard, ['start', 'dead-letter', 'ignored', 'ignored', 'reply']);
  assert.equal(moved.get('test:1')?.after.state, 'completed');
  assert.deepEqual(
    dead.map(({ topic, record: { offset: at } }) => [topic, at]),
    [[deadLettersTopicOf('test'), 1n]],
  );
  const headers = new Map(dead[0]!.headers.map(({ key, value }) => [key, Buffer.from(value ?? []).toString()]));
  assert.equal(
    headers.get('__connect.errors.exception.message'),
    "The message at offset 1 of partition 0 of topic 'replies' answers a command of saga test, but fits none of its steps.",
  );
  assert.deepEqual([headers.get('__connect.errors.topic'), headers.get('__connect.errors.offset')], ['replies', '1']);
});

test('an answer from before the definition was changed is for the instance that began with it', () => {
  const former = saga([[step('A', { success: [{ topic: 'former-replies', type: null }], failure: [], compensation: null })]]);
  const instances = new SagaInstances();
  for (const one of [former, pinned]) instances.define(one);
  const begun = new SagaDeciding(former, instances, () => 1_000);
  begun.messages(begun.read([record('started', { id: 'old' })]).read);
  begun.take();
  const deciding = new SagaDeciding(pinned, instances, () => 2_000);
  const answers = [record('former-replies', { id: 'old' }), record('former-replies', { id: 'new' })];
  deciding.messages(deciding.read(answers).read);
  const { heard, moved } = deciding.take();
  assert.deepEqual(heard, ['reply', 'dead-letter']);
  assert.equal(moved.get('test:old')?.after.definitionHash, former.hash);
  assert.equal(moved.get('test:old')?.after.state, 'completed');
});
