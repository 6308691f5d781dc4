import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { JsonObject } from '../../../../../src/contract/index.ts';
import { PublicationBegun } from '../../../../../src/services/event-store/postgres/publication-begun.ts';
import { embeddedLogUnderTest } from '../../../../integration/embedded-log-under-test.ts';

const never = new AbortController().signal;
const names = ['all', 'by-type'];

test('a publication has begun when each of its connectors has read the table, and is asked about once in a while', async () => {
  await using under = await embeddedLogUnderTest();
  const { log } = under;
  let nowMs = 1_000;
  const begun = new PublicationBegun(log, names, () => nowMs);
  /** What a look, if one is made, has found. */
  const looked = async () => {
    begun.isSo();
    for (const name of names) await log.connectors.offsets(name);
    await setImmediate();
    return begun.isSo();
  };
  const store = async (connector: string, offset: JsonObject) => {
    const writer = await log.writer({ connector, task: 0 }, { producerOverrides: {}, transactional: true }, never);
    const offsets = [
      { partition: { server: connector }, offset },
      // What is stored beside the stream tells of no position.
      { partition: { server: connector, table: 'event_store' }, offset: { rows: 7 } },
    ];
    await writer.append({ records: null, offsets });
    await writer[Symbol.asyncDispose]();
    nowMs += 1_000;
  };
  assert.equal(await looked(), false, 'there is nothing yet');
  for (const name of names) await store(name, { lsn: 1, snapshot: 'initial', snapshot_completed: false });
  assert.equal(await looked(), false, 'both are reading');
  await store('all', { lsn: 1, snapshot: 'initial', snapshot_completed: true });
  assert.equal(await looked(), false, 'one is reading');
  await store('by-type', { lsn: 2 });
  nowMs -= 500;
  assert.equal(await looked(), false, 'it was asked just now');
  nowMs += 500;
  assert.equal(await looked(), true);
  await store('all', { lsn: 3, snapshot: 'initial', snapshot_completed: false });
  assert.equal(await looked(), true, 'what the server keeps it keeps from then on');
});
