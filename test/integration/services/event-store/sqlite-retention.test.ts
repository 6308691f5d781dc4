import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSqliteEventStore } from '../../../../src/services/event-store/sqlite/sqlite-event-store.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';

test('streams that were told nothing keep what the store says, the others what they were told', async () => {
  using folder = new ScratchFolder('sqlite-retention');
  const open = (eventsMax: number | null) => openSqliteEventStore({ folder: folder.path, retention: { eventsMax, ageMsMax: null } });
  const order = (id: string) => ({ type: 'order', id });
  const event = { type: 'T', data: null };
  const kept = async (id: string) => (await store.read(order(id))).events.map(({ version }) => Number(version));
  let store = await open(2);
  try {
    await store.setRetention(order('all'), { eventsMax: null, ageMsMax: null });
    await store.setRetention(order('one'), { eventsMax: 1, ageMsMax: null });
    for (let n = 0; n < 4; n++) for (const id of ['plain', 'all', 'one']) await store.append(order(id), [event]);
    assert.deepEqual(await kept('plain'), [3, 4]);
    assert.deepEqual(await kept('all'), [1, 2, 3, 4]);
    assert.deepEqual(await kept('one'), [4]);
    await store[Symbol.asyncDispose]();
    store = await open(null);
    await store.append(order('plain'), [event]);
    assert.deepEqual(await kept('plain'), [3, 4, 5]);
    await assert.rejects(openSqliteEventStore({ folder: folder.file('other'), retention: { eventsMax: 0, ageMsMax: null } }), {
      code: 'EVENT_INVALID',
    });
  } finally {
    await store[Symbol.asyncDispose]();
  }
});
