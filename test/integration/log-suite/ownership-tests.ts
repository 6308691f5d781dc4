import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serializedBatch } from '../serialized-batch.ts';
import { code, offsetAt, type Suite, texts, writerOptions } from './suite.ts';

/** Offsets and who may write them: invariants 1 and 3. */
export function ownershipTests(suite: Suite): void {
  test('offsets become durable with their records, and the next owner reads them', async () => {
    const topic = await suite.aTopic();
    const task = suite.aTask();
    await using first = await suite.writerOf(task);
    assert.deepEqual(first.offsets, []);
    await suite.append(first, [{ topic, value: 'a' }], [offsetAt('one', 1), offsetAt('two', 1)]);
    await suite.append(first, [{ topic, value: 'b' }], [offsetAt('one', 2)]);
    await using second = await suite.writerOf(task);
    const byServer = second.offsets.toSorted((a, b) => String(a.partition['server']).localeCompare(String(b.partition['server'])));
    assert.deepEqual(byServer, [offsetAt('one', 2), offsetAt('two', 1)]);
    assert.deepEqual(texts(await suite.read({ topics: [topic] })), ['a', 'b']);
  });

  test('offsets and records outlive the worker', async () => {
    const topic = await suite.aTopic();
    const task = suite.aTask();
    {
      await using writer = await suite.writerOf(task);
      await suite.append(writer, [{ topic, value: 'kept' }], [offsetAt('one', 42)]);
    }
    await suite.reopen();
    await using writer = await suite.writerOf(task);
    assert.deepEqual(writer.offsets, [offsetAt('one', 42)]);
    assert.deepEqual(texts(await suite.read({ topics: [topic] })), ['kept']);
    await suite.append(writer, [{ topic, value: 'more' }]);
    assert.deepEqual(texts(await suite.read({ topics: [topic] })), ['kept', 'more']);
  });

  test('a unit may have offsets only', async () => {
    const task = suite.aTask();
    await using first = await suite.writerOf(task);
    await first.append({ records: null, offsets: [offsetAt('idle', 5)] });
    await first.append({ records: serializedBatch([]), offsets: [offsetAt('idle', 6)] });
    await using second = await suite.writerOf(task);
    assert.deepEqual(second.offsets, [offsetAt('idle', 6)]);
  });

  test('a null offset deletes', async () => {
    const task = suite.aTask();
    await using first = await suite.writerOf(task);
    await first.append({ records: null, offsets: [offsetAt('keep', 1), offsetAt('drop', 1)] });
    await first.append({ records: null, offsets: [offsetAt('drop', null)] });
    await using second = await suite.writerOf(task);
    assert.deepEqual(second.offsets, [offsetAt('keep', 1)]);
  });

  test('a partition of an offset is the same one whatever the order of its keys', async () => {
    const task = suite.aTask();
    await using first = await suite.writerOf(task);
    await first.append({ records: null, offsets: [{ partition: { a: 1, b: 'x' }, offset: { lsn: 1 } }] });
    await first.append({ records: null, offsets: [{ partition: { b: 'x', a: 1 }, offset: { lsn: 2 } }] });
    await using second = await suite.writerOf(task);
    assert.deepEqual(
      second.offsets.map(({ offset }) => offset),
      [{ lsn: 2 }],
    );
  });

  test('a fenced writer’s append is refused and leaves nothing behind', async () => {
    const topic = await suite.aTopic();
    const task = suite.aTask();
    await using zombie = await suite.writerOf(task);
    await suite.append(zombie, [{ topic, value: 'before' }], [offsetAt('one', 1)]);
    await using owner = await suite.writerOf(task);
    await assert.rejects(suite.append(zombie, [{ topic, value: 'zombie' }], [offsetAt('one', 99)]), code('FENCED'));
    await suite.append(owner, [{ topic, value: 'after' }], [offsetAt('one', 2)]);
    assert.deepEqual(texts(await suite.read({ topics: [topic] })), ['before', 'after']);
    assert.deepEqual(await suite.log.connectors.offsets(task.connector), [offsetAt('one', 2)]);
  });

  test('two tasks do not fence each other', async () => {
    const topic = await suite.aTopic();
    const connector = suite.aName('connector');
    await using one = await suite.writerOf({ connector, task: 0 });
    await using two = await suite.writerOf({ connector, task: 1 });
    await suite.append(one, [{ topic, value: 'one' }], [offsetAt('one', 1)]);
    await suite.append(two, [{ topic, value: 'two' }], [offsetAt('two', 1)]);
    assert.deepEqual(texts(await suite.read({ topics: [topic] })), ['one', 'two']);
    assert.equal((await suite.log.connectors.offsets(connector)).length, 2);
  });

  test('without transactions records and offsets are kept too', async () => {
    const topic = await suite.aTopic();
    const task = suite.aTask();
    {
      await using writer = await suite.writerOf(task, { ...writerOptions, transactional: false });
      await suite.append(writer, [{ topic, value: 'plain' }], [offsetAt('one', 3)]);
    }
    assert.deepEqual(texts(await suite.read({ topics: [topic] })), ['plain']);
    assert.deepEqual(await suite.log.connectors.offsets(task.connector), [offsetAt('one', 3)]);
  });

  test('a writer that is no longer wanted is not made', async () => {
    await assert.rejects(suite.log.writer(suite.aTask(), writerOptions, AbortSignal.abort()));
  });
}
