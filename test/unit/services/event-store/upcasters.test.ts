import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordedEvent } from '../../../../src/services/event-store/event-store.ts';
import { compileUpcasters } from '../../../../src/services/event-store/upcasters.ts';

const event = (schemaVersion: number, type = 'Placed'): RecordedEvent => ({
  ...{ id: 'x', stream: { type: 'order', id: '1' }, type, version: 4n, position: 9n, data: { steps: 0 }, metadata: {} },
  ...{ schemaVersion, timestampMs: 5 },
});
const step = (data: unknown) => ({ steps: (data as { steps: number }).steps + 1 });

test('an event is brought from its schema version to today’s, one step after the other', () => {
  const { upcast } = compileUpcasters({ Placed: { 1: step, 2: step, 3: step } });
  assert.deepEqual(
    [1, 2, 3, 4].map(version => upcast(event(version)).data),
    [{ steps: 3 }, { steps: 2 }, { steps: 1 }, { steps: 0 }],
  );
  assert.equal(upcast(event(1)).schemaVersion, 4);
  const [today, other] = [event(4), event(7, 'Other')];
  assert.equal(upcast(today), today);
  assert.equal(upcast(other), other, 'a type without upcasters stays as it is');
});

test('a schema version that nobody knows is refused with the event’s place', () => {
  const { upcast, check } = compileUpcasters({ Placed: { 2: step } });
  const newer = /Event 4 of order:1: schema version 4 of Placed is unknown; known are 2 to 3/;
  assert.throws(() => upcast(event(4)), { code: 'EVENT_INVALID', message: newer });
  assert.throws(() => upcast(event(1)), { code: 'EVENT_INVALID', message: /schema version 1 of Placed/ });
  check('Placed', 3, 'Event 1');
  assert.throws(() => check('Placed', 4, 'Event 1'), { code: 'EVENT_INVALID' });
});

test('upcasters without a beginning or with a gap are refused', () => {
  assert.throws(() => compileUpcasters({ Placed: { 1: step, 3: step } }), {
    code: 'EVENT_INVALID',
    message: /gap: there is none from version 2/,
  });
  assert.throws(() => compileUpcasters({ Placed: { 0: step } }), { code: 'EVENT_INVALID', message: /from 1 on/ });
  compileUpcasters({ Placed: {} });
});

test('an upcaster that throws tells neither data nor what it said', () => {
  const fails = () => {
    throw new Error('secret');
  };
  const { upcast } = compileUpcasters({ Placed: { 1: fails } });
  assert.throws(
    () => upcast(event(1)),
    (error: Error) => !error.message.includes('secret') && /the upcaster of Placed from schema version 1 failed/.test(error.message),
  );
});
