import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binlogReading, keptSeconds } from '../../../../connectors/mysql/binlog-reading.ts';
import { positionOffset, snapshotKeys } from '../../../../connectors/mysql/position.ts';
import type { JsonObject } from '../../../../src/contract/index.ts';

const lastSeconds = 1_800_000_000;
const atMs = (lastSeconds + 600) * 1000;
const files = new Map([
  ['binlog.000008', 1000],
  ['binlog.000009', 2000],
  ['binlog.000010', 500],
]);
const figures = { files, keptSeconds: 3600 };

function storedAt(file: string, position: number, extra: JsonObject = {}) {
  return positionOffset({ server: 's' }, { file, position, gtids: null, partial: null, serverId: 1, timestampSeconds: lastSeconds }, extra);
}

test('at the binlog’s end nothing is missing, and the place is kept for the whole time', () => {
  const { lagBytes, completeToMs, headroomSeconds, headroomBytes, logBytes } = binlogReading(
    figures,
    storedAt('binlog.000010', 500),
    null,
    atMs,
  );
  assert.deepEqual([lagBytes, completeToMs, headroomSeconds, headroomBytes, logBytes], [0, atMs, 3600, 3500, 3500]);
});

test('behind it, lag and what may be purged first are counted over the files, and time is what its age leaves', () => {
  const found = binlogReading(figures, storedAt('binlog.000009', 1500), null, atMs);
  assert.deepEqual([found.lagBytes, found.headroomBytes, found.headroomSeconds, found.windowSeconds], [1000, 2500, 3000, 3600]);
  assert.equal(found.completeToMs, lastSeconds * 1000);
});

test('a place that is older than what the server keeps has no time left', () => {
  assert.equal(binlogReading(figures, storedAt('binlog.000008', 0), null, (lastSeconds + 9999) * 1000).headroomSeconds, 0);
});

test('a server that keeps its binlog until somebody purges it leaves the time open', () => {
  assert.equal(binlogReading({ files, keptSeconds: null }, storedAt('binlog.000009', 1500), null, atMs).headroomSeconds, null);
});

test('a look whose end the place has passed makes that moment complete, also over the edge of files', () => {
  const before = binlogReading(figures, null, null, atMs - 5000);
  const grown = { ...figures, files: new Map([...files, ['binlog.000011', 900]]) };
  assert.equal(binlogReading(grown, storedAt('binlog.000011', 4), before, atMs).completeToMs, atMs - 5000);
  assert.equal(binlogReading(grown, storedAt('binlog.000010', 499), before, atMs).completeToMs, lastSeconds * 1000);
});

test('a place in a file that this server does not have tells nothing of bytes', () => {
  const { lagBytes, headroomBytes, headroomSeconds } = binlogReading(figures, storedAt('other.000003', 9), null, atMs);
  assert.deepEqual([lagBytes, headroomBytes, headroomSeconds], [null, null, null]);
});

test('while a snapshot is under way nothing is complete', () => {
  assert.equal(binlogReading(figures, storedAt('binlog.000009', 4, snapshotKeys(false)), null, atMs).completeToMs, null);
});

test('how long a file is kept has other names in other versions', () => {
  const of = (variables: Record<string, string>) => keptSeconds(new Map(Object.entries(variables)));
  assert.equal(of({ binlog_expire_logs_seconds: '2592000', binlog_expire_logs_auto_purge: 'ON' }), 2_592_000);
  assert.equal(of({ binlog_expire_logs_seconds: '2592000', binlog_expire_logs_auto_purge: 'OFF' }), null);
  assert.equal(of({ expire_logs_days: '10.000000', binlog_expire_logs_seconds: '0' }), 864_000);
  assert.equal(of({ expire_logs_days: '0' }), null);
});
