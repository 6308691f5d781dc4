import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventTotals } from '../../../src/engine/supervisor/event-totals.ts';

const queue = { records: 0, recordsMax: 1, bytes: 0, bytesMax: null };
const counts = (table: string, creates: number, filteredEvents = 0) => ({
  events: [{ table, creates, updates: 1, deletes: 0, reads: 2, truncates: 0 }],
  filteredEvents,
  queue,
});

test('the counts of attempts that have ended stay, and those of the one that runs come on top', () => {
  const totals = new EventTotals();
  totals.absorb(counts('a', 3, 1));
  totals.absorb(counts('b', 4));
  const { events, filteredEvents } = totals.with(counts('a', 5, 2));
  assert.deepEqual(events, [
    { table: 'a', creates: 8, updates: 2, deletes: 0, reads: 4, truncates: 0 },
    { table: 'b', creates: 4, updates: 1, deletes: 0, reads: 2, truncates: 0 },
  ]);
  assert.equal(filteredEvents, 3);
  assert.deepEqual(totals.with(null).events[0]?.creates, 3, 'what runs is not absorbed before it ends');
});
