import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usedPercent } from '../../../../connectors/postgres/headroom-brake.ts';
import { formatLsn } from '../../../../connectors/postgres/lsn.ts';
import { positionOffset, snapshotKeys } from '../../../../connectors/postgres/position.ts';
import type { SlotGuard } from '../../../../connectors/postgres/slot-guard.ts';
import { type SlotFigures, slotReading } from '../../../../connectors/postgres/slot-reading.ts';
import type { DatabaseReading, JsonObject } from '../../../../src/contract/index.ts';

const megabyte = 1024 * 1024;
const commitMs = Date.parse('2026-01-01T00:00:00Z');
const atMs = commitMs + 60_000;
const unguarded: SlotGuard = { warnBytes: null, limitBytes: null, givesUp: false, heals: false, healsByItself: false, snapshotPercent: 75 };

function storedAt(confirmed: number, extra: JsonObject = {}) {
  const position = {
    confirmedLsn: BigInt(confirmed),
    partial: null,
    lsn: BigInt(confirmed),
    lastCommitLsn: BigInt(confirmed),
    txId: 7,
    timestampUs: BigInt(commitMs) * 1000n,
  };
  return positionOffset({ server: 'srv' }, position, { systemId: '1', timeline: 1 }, extra);
}

function reading(
  figures: Partial<SlotFigures> & { readonly held?: number; readonly safe?: number | null; readonly status?: string },
  {
    stored = storedAt(1000),
    guard = unguarded,
    before = null,
  }: { readonly stored?: ReturnType<typeof storedAt> | null; readonly guard?: SlotGuard; readonly before?: DatabaseReading | null } = {},
): DatabaseReading {
  const { held = 0, safe = null, status = 'reserved', ...rest } = figures;
  const slot = { walStatus: status, safeBytes: safe, heldBytes: held };
  return slotReading({ endLsn: 1000n, keepBytes: null, slot, ...rest }, { name: 'dbz', guard }, stored, before, atMs);
}

test('a connector at the end of the WAL lacks nothing, as of the look', () => {
  const { lagBytes, completeToMs, end } = reading({ endLsn: 1000n });
  assert.deepEqual([lagBytes, completeToMs, end], [0, atMs, formatLsn(1000n)]);
});

test('behind the end it is complete to its last commit, or to the last look whose end it has passed', () => {
  assert.deepEqual([reading({ endLsn: 5000n }).lagBytes, reading({ endLsn: 5000n }).completeToMs], [4000, commitMs]);
  const before = { ...reading({}), atMs: commitMs + 45_000, end: formatLsn(900n) };
  assert.equal(reading({ endLsn: 5000n }, { before }).completeToMs, commitMs + 45_000);
  const notPassed = { ...before, end: formatLsn(1001n) };
  assert.equal(reading({ endLsn: 5000n }, { before: notPassed }).completeToMs, commitMs);
});

test('while a snapshot is under way nothing is complete, and the WAL behind its beginning is owed', () => {
  const { completeToMs, lagBytes } = reading({ endLsn: 5000n }, { stored: storedAt(1000, snapshotKeys(false)) });
  assert.deepEqual([completeToMs, lagBytes], [null, 4000]);
});

test('headroom is what the server says, or what the guard’s limit leaves, whichever is less', () => {
  const held = 30 * megabyte;
  const limit = { ...unguarded, limitBytes: 100 * megabyte };
  assert.deepEqual([reading({ held }).headroomBytes, reading({ held }).logLimitBytes], [null, null]);
  assert.equal(reading({ held, safe: 50 * megabyte, keepBytes: 80 * megabyte }).headroomBytes, 50 * megabyte);
  assert.equal(reading({ held }, { guard: limit }).headroomBytes, 70 * megabyte);
  const both = reading({ held, safe: 50 * megabyte, keepBytes: 80 * megabyte }, { guard: limit });
  assert.deepEqual([both.headroomBytes, both.logLimitBytes], [50 * megabyte, 80 * megabyte]);
  assert.equal(reading({ held, safe: -5 }).headroomBytes, 0);
});

test('a slot that is lost or missing has no headroom; before the first start there is none to miss', () => {
  assert.deepEqual([reading({ status: 'lost' }).headroomBytes, reading({ status: 'lost' }).warnings.length], [0, 1]);
  const missing = reading({ slot: null });
  assert.deepEqual([missing.slotWalStatus, missing.headroomBytes], ['missing', 0]);
  assert.equal(reading({ slot: null }, { stored: null }).headroomBytes, null);
});

test('the guard warns at its mark, and at its limit', () => {
  const guard = { ...unguarded, warnBytes: 10, limitBytes: 20 };
  const told = (held: number) => reading({ held }, { guard }).warnings.map(text => /\(([\w.]+)\)/.exec(text)?.[1]);
  assert.deepEqual([told(9), told(10), told(20)], [[], ['slot.guard.warn.bytes'], ['slot.guard.limit.bytes']]);
  assert.deepEqual(
    reading({ held: 11 }, { guard }).warnings,
    reading({ held: 12 }, { guard }).warnings,
    'the same text as long as it lasts',
  );
  assert.equal(reading({ held: 30 }, { guard }).givingUp, null);
});

test('the slot is given up at the limit where that is configured, and not before', () => {
  const guard = { ...unguarded, limitBytes: 20, givesUp: true };
  assert.equal(reading({ held: 19 }, { guard }).givingUp, null);
  assert.equal(reading({ held: 20 }, { guard }).givingUp?.code, 'SLOT_GIVEN_UP');
});

test('what a slot has used up is told of the limit that is nearer; nothing without a limit', () => {
  const slot = { walStatus: 'reserved', safeBytes: 30, heldBytes: 60 };
  assert.equal(usedPercent({ endLsn: 0n, slot, keepBytes: null }, null), null);
  assert.equal(usedPercent({ endLsn: 0n, slot: null, keepBytes: 100 }, 100), null);
  assert.equal(usedPercent({ endLsn: 0n, slot, keepBytes: null }, 80), 75);
  assert.equal(usedPercent({ endLsn: 0n, slot, keepBytes: 100 }, null), 70);
  assert.equal(usedPercent({ endLsn: 0n, slot, keepBytes: 100 }, 80), 75);
});
