import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendEventsMax, newEventId, preparedAppends } from '../../../../src/services/event-store/event-checks.ts';
import { versionFits } from '../../../../src/services/event-store/expected-version.ts';
import { compileUpcasters } from '../../../../src/services/event-store/upcasters.ts';

const none = compileUpcasters();
const stream = { type: 'order', id: '1' };

test('ids rise with time, and are UUIDs of version 7', () => {
  const [first, second] = [newEventId(1_700_000_000_000), newEventId(1_700_000_000_001)];
  assert.match(first, /^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(first < second);
  assert.notEqual(newEventId(1), newEventId(1));
});

test('defaults are put in, and what was given stays', () => {
  const [prepared] = preparedAppends(
    [
      {
        stream,
        events: [
          { type: 'A', data: [1] },
          { id: 'x', type: 'B', data: null, timestampMs: 5 },
        ],
      },
    ],
    77,
    none,
  );
  const [first, second] = prepared!.events;
  const { id, ...rest } = first!;
  assert.equal(id.length, 36);
  assert.deepEqual(rest, { idGiven: false, type: 'A', dataText: '[1]', metadataText: '{}', schemaVersion: 1, timestampMs: 77 });
  assert.deepEqual([second!.id, second!.idGiven, second!.dataText, second!.timestampMs], ['x', true, 'null', 5]);
  assert.equal(prepared!.expectedVersion, 'any');
});

test('an append has its bounds', () => {
  const events = Array.from({ length: appendEventsMax }, () => ({ type: 'A', data: 1 }));
  preparedAppends([{ stream, events }], 0, none);
  const more = [
    { stream, events },
    { stream: { type: 'order', id: '2' }, events: events.slice(0, 1) },
  ];
  assert.throws(() => preparedAppends(more, 0, none), { code: 'EVENT_INVALID', message: /at most 10000 events/ });
  const large = (data: string) => preparedAppends([{ stream, events: [{ type: 'A', data }] }], 0, none);
  large('x'.repeat(999_900));
  assert.throws(() => large('ä'.repeat(600_000)), { code: 'EVENT_INVALID', message: /1200004 bytes/ });
});

test('what an append may expect', () => {
  const never = { version: 0n, exists: false };
  const deleted = { version: 3n, exists: false };
  const there = { version: 3n, exists: true };
  const fits = (expected: 'any' | 'none' | 'exists' | bigint) => [never, deleted, there].map(now => versionFits(expected, now));
  assert.deepEqual(fits('any'), [true, true, true]);
  assert.deepEqual(fits('none'), [true, true, false]);
  assert.deepEqual(fits('exists'), [false, false, true]);
  assert.deepEqual(fits(0n), [true, false, false]);
  assert.deepEqual(fits(3n), [false, true, true]);
});
