import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSqliteEventStore } from '../../../../src/services/event-store/sqlite/sqlite-event-store.ts';
import { smallDisk } from '../../../fault/embedded-log/small-disk.ts';

const stream = { type: 'order', id: '1' };
const appendsMax = 2000;

test('a full disk refuses appends, and they go on where they were once there is room', { timeout: 240_000 }, async () => {
  await using disk = await smallDisk(24);
  await using store = await openSqliteEventStore({ folder: disk.folder });
  const event = (number: number) => ({ id: `id-${number}`, type: 'Noted', data: { number, text: 'x'.repeat(10_000) } });
  await store.append(stream, [event(1)]);
  await disk.fill(process.pid, disk.lasting ? 500_000 : 1_000_000);
  let number = 1;
  let refused: { code?: string } | null = null;
  while (refused === null && number < appendsMax)
    refused = await store.append(stream, [event(++number)]).then(
      () => null,
      (error: { code?: string }) => error,
    );
  assert.equal(refused?.code, 'STORE_UNAVAILABLE', String(refused));
  const other = store.append({ type: 'order', id: '2' }, [event(appendsMax + 1)]);
  await assert.rejects(other, { code: 'STORE_UNAVAILABLE' });
  assert.equal((await store.read(stream)).version, BigInt(number - 1), 'what is there can be read');
  await disk.empty(process.pid);
  const again = await store.append(stream, [event(number)], { expectedVersion: BigInt(number - 1) });
  assert.deepEqual([again.version, again.repeated], [BigInt(number), false]);
  const { events } = await store.read(stream, { limit: 10_000 });
  assert.deepEqual(
    events.map(({ id }) => id),
    Array.from({ length: number }, (_, index) => `id-${index + 1}`),
  );
  assert.equal((await store.append({ type: 'order', id: '2' }, [event(appendsMax + 1)])).created, true);
});
