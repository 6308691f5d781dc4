import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SluiceError } from '../../../src/contract/index.ts';
import { readDeadLetter } from '../../../src/engine/sink/dead-letter.ts';
import type { DeadLetterSettings } from '../../../src/engine/sink/sink-task-plan.ts';
import { until } from '../../support/until.ts';
import { RunningSink, tolerant } from './running-sink.ts';

const refusal = () => new SluiceError('RECORD_REFUSED', 'The target refuses it.');
const letters: DeadLetterSettings = { topic: 'dlq', replicationFactor: 1, contextHeaders: true, parksLater: false };
const failing = <R extends { readonly value: unknown }>(record: R): R => {
  if (record.value === 'bad') throw new SluiceError('TRANSFORM_FAILED', 'It does not fit.');
  return record;
};

const texts = (task: RunningSink) => (task.log.topics.get('dlq') ?? []).map(({ value }) => Buffer.from(value!).toString());

describe('a record that fails', () => {
  test('stops the task with errors.tolerance=none: what lies before it is delivered and committed, nothing behind it', async () => {
    await using task = await new RunningSink().start({ transform: failing });
    task.consumer.assign(['t']);
    task.send('a', 'b', 'bad', 'c');
    const failure = await task.failure();
    assert.ok(failure instanceof SluiceError && failure.code === 'TRANSFORM_FAILED');
    assert.match(failure.message, /t-0 offset 2/);
    assert.deepEqual([task.sink.written, task.log.committed.get('t')], [['a', 'b'], 2n]);
  });

  test('of the target stops the task with errors.tolerance=none, and the offset stays before it', async () => {
    await using task = await new RunningSink().start();
    task.sink.refused.set('b', refusal());
    task.consumer.assign(['t']);
    task.send('a', 'b', 'c');
    const failure = await task.failure();
    assert.ok(failure instanceof SluiceError && failure.code === 'RECORD_REFUSED');
    assert.match(failure.message, /t-0 offset 1/);
    assert.equal(task.log.committed.size, 0);
  });

  test('is counted and passed over with errors.tolerance=all, wherever it fails', async () => {
    await using task = await new RunningSink().start({ transform: failing, errors: tolerant });
    task.sink.refused.set('b', refusal());
    task.consumer.assign(['t']);
    task.send('a', 'bad', 'b', 'c', 'bad');
    await task.committed(5);
    assert.deepEqual(task.sink.written, ['a', 'c']);
    assert.deepEqual(task.counts.skipped.map(({ code }) => code).sort(), ['RECORD_REFUSED', 'TRANSFORM_FAILED', 'TRANSFORM_FAILED']);
  });

  test('becomes a dead letter, in one unit with the offset, and the rest of the batch goes on', async () => {
    await using task = await new RunningSink().start({ transform: failing, errors: { ...tolerant, deadLetters: letters } });
    task.sink.refused.set('b', refusal());
    task.consumer.assign(['t'], 2);
    task.send('a', 'bad', 'b', 'c');
    await task.committed(4);
    assert.deepEqual(task.sink.written, ['a', 'c']);
    assert.deepEqual(task.log.events, ['append 2', 'commit t 4']);
    assert.deepEqual([task.counts.deadLetters, task.counts.skipped], [2, []]);
    const [transformed, refused] = task.log.topics.get('dlq')!;
    const shown = (name: string, from = refused!) =>
      Buffer.from(from.headers.find(({ key }) => key === `__connect.errors.${name}`)?.value ?? []).toString();
    assert.deepEqual(
      refused!.headers.map(({ key }) => key),
      [
        '__connect.errors.topic',
        '__connect.errors.partition',
        '__connect.errors.offset',
        '__connect.errors.connector.name',
        '__connect.errors.task.id',
        '__connect.errors.stage',
        '__connect.errors.class.name',
        '__connect.errors.exception.class.name',
        '__connect.errors.exception.message',
        '__connect.errors.exception.stacktrace',
        'sluice.errors.version',
      ],
    );
    assert.deepEqual(
      ['topic', 'partition', 'offset', 'connector.name', 'task.id', 'stage', 'class.name', 'exception.message'].map(name => shown(name)),
      ['t', '0', '2', 'c', '0', 'TASK_PUT', 'org.apache.kafka.connect.sink.SinkTask', 'The target refuses it.'],
    );
    assert.equal(shown('stage', transformed), 'TRANSFORMATION');
    const read = readDeadLetter(refused!)!;
    assert.deepEqual([read.record.topic, read.record.offset, read.version, read.record.headers], ['t', 2n, (2n << 44n) | 2n, []]);
  });

  test('has no headers but its own where none are asked for', async () => {
    await using task = await new RunningSink().start({ errors: { ...tolerant, deadLetters: { ...letters, contextHeaders: false } } });
    task.sink.refused.set('a', refusal());
    task.consumer.assign(['t']);
    task.send('a');
    await task.committed(1);
    const [letter] = task.log.topics.get('dlq')!;
    assert.deepEqual([letter!.headers, readDeadLetter(letter!)], [[], null]);
  });

  test('that a sink tells of by refusing the whole batch is found by writing one by one', async () => {
    await using task = await new RunningSink().start({ errors: { ...tolerant, deadLetters: letters } });
    task.sink.failures.push(refusal());
    task.sink.refused.set('b', refusal());
    task.consumer.assign(['t']);
    task.send('a', 'b', 'c');
    await task.committed(3);
    assert.deepEqual([task.sink.written, texts(task)], [['a', 'c'], ['b']]);
  });

  test('an error that is not a record’s stops the task, however the sink tells it', async () => {
    await using task = await new RunningSink().start({ errors: { ...tolerant, deadLetters: letters } });
    task.sink.refused.set('b', new SluiceError('TARGET_REFUSED', 'The table is gone.'));
    task.consumer.assign(['t']);
    task.send('a', 'b');
    const failure = await task.failure();
    assert.ok(failure instanceof SluiceError && failure.code === 'TARGET_REFUSED');
    assert.equal(task.log.committed.size, 0);
  });
});

describe('later records of a dead letter’s key', () => {
  test('follow by default', async () => {
    await using task = await new RunningSink().start({ errors: { ...tolerant, deadLetters: letters } });
    task.sink.refused.set('k=1', refusal());
    task.consumer.assign(['t']);
    task.send('k=1', 'k=2', 'other');
    await task.committed(3);
    assert.deepEqual([task.sink.written, texts(task)], [['k=2', 'other'], ['k=1']]);
  });

  const parking = { ...tolerant, deadLetters: { ...letters, parksLater: true } };

  test('wait there too where they are parked, also those of the same batch and after a restart; other keys go on', async () => {
    const task = await new RunningSink().start({ errors: parking });
    task.sink.refused.set('k=1', refusal());
    task.consumer.assign(['t']);
    task.send('k=0', 'k=1', 'k=2', 'other', 'k=3');
    await task.committed(5);
    assert.deepEqual(
      [task.sink.written, texts(task)],
      [
        ['k=0', 'other'],
        ['k=1', 'k=2', 'k=3'],
      ],
    );
    await task.stop();

    await using next = new RunningSink();
    for (const [topic, records] of task.log.topics) next.log.topics.set(topic, records);
    next.log.committed.set('t', 5n);
    await next.start({ errors: parking });
    next.consumer.assign(['t']);
    next.send('k=4', 'another');
    await next.committed(7);
    assert.deepEqual([next.sink.written, texts(next)], [['another'], ['k=1', 'k=2', 'k=3', 'k=4']]);
    const message = readDeadLetter(next.log.topics.get('dlq')!.at(-1)!)!.message;
    assert.match(message, /An earlier record of its key is among the dead letters/);
  });

  test('records without key always follow', async () => {
    await using task = await new RunningSink().start({ errors: parking });
    task.sink.refused.set('a', refusal());
    task.log.add('t', [
      [null, 'a'],
      [null, 'b'],
    ]);
    task.consumer.assign(['t']);
    task.consumer.deliver('t');
    await until(() => task.log.committed.get('t') === 2n, { what: 'both to be dealt with' });
    assert.deepEqual([task.sink.written, texts(task)], [['b'], ['a']]);
  });
});
