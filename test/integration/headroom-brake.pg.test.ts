import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPostgres } from '../services/postgres.ts';
import { freshDatabase } from '../support/fresh-database.ts';
import { until } from '../support/until.ts';
import { execute, isFinished, progressOf, readsOf, rows, runOf, setup, waitMsMax } from './incremental-run.ts';

const megabyte = 1024 * 1024;

test('an incremental snapshot waits while its slot holds most of what it may back, says so, and goes on by itself', {
  timeout: 240_000,
}, async () => {
  // A server of its own: what others write is held back by the slot, too, and what they have open keeps the server from letting it go.
  await using server = await startPostgres({ version: 18 });
  await using database = await freshDatabase(server);
  await database.run(`${setup} create publication everything for table items;`);
  const run = runOf(database, { 'slot.guard.limit.bytes': String(20 * megabyte), 'slot.guard.snapshot.percent': '50' });
  const released = Promise.withResolvers<void>();
  let held = false;
  const heard = run.run(async (): Promise<'append'> => {
    // What was read is not durable: the server may free nothing.
    if (!held) held = true;
    else await released.promise;
    return 'append';
  });
  try {
    await until(() => held && run.source?.status().phase === 'streaming', { what: 'the stream', timeoutMs: waitMsMax });
    await database.client.query('update items set v = 1 where id = 1');
    for (let written = 0; written < 15; written++)
      await database.client.query(`select pg_logical_emit_message(false, 'filler', repeat('x', ${megabyte}))`);
    await run.source!.signal!({ id: 'braked', type: 'execute-snapshot', data: execute(['public.items']) });
    await until(() => progressOf(run)?.waitsFor !== undefined, { what: 'the brake', timeoutMs: waitMsMax });
    assert.match(progressOf(run)?.waitsFor ?? '', /the replication slot "slot_.*" to hold less WAL back/);
    assert.ok(run.warnings.some(warning => /The incremental snapshot waits for the replication slot/.test(warning)));
    assert.equal(progressOf(run)?.chunks, 0);
    released.resolve();
    // The server moves what a slot needs when it notes the running transactions, as it does with a checkpoint.
    const isDone = async () => {
      await database.client.query('checkpoint');
      return isFinished(run) && readsOf(run).length === rows;
    };
    await until(isDone, { what: 'the snapshot to go on', timeoutMs: waitMsMax, everyMs: 200 });
    assert.equal(progressOf(run)?.waitsFor, undefined);
  } finally {
    released.resolve();
    run.end();
    await heard;
  }
});
