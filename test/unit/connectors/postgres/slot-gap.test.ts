import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgresSpec } from '../../../../connectors/postgres/options.ts';
import { beginningOf, closedGaps, gapOffset, gapWarnings, type SlotGap, storedGaps } from '../../../../connectors/postgres/slot-gap.ts';

const gap: SlotGap = {
  slot: 'dbz',
  fromLsn: 0x100n,
  toLsn: 0x200n,
  heldBytes: 256,
  atMs: Date.parse('2026-01-01T00:00:00Z'),
  healing: null,
};
const partition = { server: 'srv' };

test('a gap is read as it was stored, while it heals too, and goes by its partition', () => {
  const healing: SlotGap = {
    ...gap,
    slot: 'other',
    fromLsn: null,
    heldBytes: null,
    healing: { sinceMs: gap.atMs + 5, tables: ['public.t'] },
  };
  const stored = [{ partition, offset: { lsn: 1 } }, gapOffset(partition, gap), gapOffset(partition, healing)];
  assert.deepEqual(storedGaps(stored), [gap, healing]);
  assert.deepEqual(
    closedGaps(stored).map(one => [one.partition['sluice_gap'], one.offset]),
    [
      ['dbz', null],
      ['other', null],
    ],
  );
  const [open, being] = gapWarnings(stored);
  assert.match(
    open!,
    /^The changes from 0\/100 to 0\/200 are missing since the replication slot "dbz" was given up at 2026-01-01T00:00:00\.000Z\.$/,
  );
  assert.match(being!, /from an unknown place .* are read again \(slot\.guard\.heal=incremental\)\. Rows that were deleted/);
});

test('what is missing begins with the first gap that has not healed', () => {
  assert.equal(beginningOf([], 0x300n), 0x300n);
  assert.equal(beginningOf([gap], 0x300n), 0x100n);
  assert.equal(beginningOf([gap], 0x80n), 0x80n);
  assert.equal(beginningOf([{ ...gap, fromLsn: null }], 0x80n), null);
});

test('healing goes with a stream alone, and by itself only where the guard gives up', () => {
  const common = { 'topic.prefix': 's', 'database.hostname': 'db', 'database.user': 'u', 'database.password': 'p', 'database.dbname': 'd' };
  const faults = (options: Readonly<Record<string, string>>) =>
    postgresSpec.parse({ ...common, ...options }).faults.map(({ option, message }) => `${option}: ${message}`);
  const heal = { 'slot.guard.heal': 'incremental' };
  assert.deepEqual(faults(heal), []);
  assert.match(faults({ ...heal, 'snapshot.mode': 'always' }).join(), /^slot\.guard\.heal: .*snapshot\.mode=always/);
  assert.match(faults({ ...heal, 'snapshot.mode': 'initial_only' }).join(), /^slot\.guard\.heal: .*initial_only/);
  const automatic = { 'slot.guard.heal.automatic': 'true' };
  const givesUp = { 'slot.guard.limit.action': 'give_up', 'slot.guard.limit.bytes': '1000' };
  assert.match(faults({ ...automatic, ...givesUp }).join(), /needs slot\.guard\.heal=incremental/);
  assert.match(faults({ ...automatic, ...heal }).join(), /needs slot\.guard\.limit\.action=give_up/);
  assert.deepEqual(faults({ ...automatic, ...heal, ...givesUp }), []);
});
