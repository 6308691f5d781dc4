import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Converter, type HeaderConverter, recordVersion, SluiceError, type Value } from '../../../src/contract/index.ts';
import { logged } from '../../support/logged.ts';
import { until } from '../../support/until.ts';
import { RunningSink, tolerant } from './running-sink.ts';

const away = () => new SluiceError('TARGET_UNAVAILABLE', 'The target is away.');

describe('a sink’s task', () => {
  test('writes what comes, in its order, under the engine’s versions, and commits behind it', async () => {
    await using task = await new RunningSink().start();
    task.consumer.assign(['t'], 3);
    task.send('a', 'b', 'c');
    await task.committed(3);
    assert.deepEqual(task.sink.written, ['a', 'b', 'c']);
    assert.deepEqual(task.sink.versions, [recordVersion(3, 0n), recordVersion(3, 1n), recordVersion(3, 2n)]);
    assert.equal(task.counts.records, 3);
  });

  test('writes one batch at a time, and gathers the next meanwhile, up to its bounds', async () => {
    await using task = await new RunningSink().start({ limits: { recordsMax: 3, bytesMax: 1 << 20, lingerMs: 0 } });
    task.consumer.assign(['t']);
    const gate = Promise.withResolvers<void>();
    task.sink.gate = gate.promise;
    task.send('1');
    await until(() => task.sink.underWay === 1, { what: 'the first write' });
    task.add('2', '3', '4', '5', '6', '7', '8');
    task.consumer.deliver('t', 2);
    // One batch is full, one event is being taken in, one waits: no more is asked for.
    await until(() => task.consumer.asked === 5, { what: 'the task to hold back' });
    assert.equal(task.sink.underWay, 1);
    assert.equal(task.log.committed.get('t'), undefined);
    gate.resolve();
    await task.committed(8);
    assert.deepEqual(task.sink.batches, [['1'], ['2', '3', '4'], ['5', '6', '7'], ['8']]);
  });

  test('cuts batches by bytes', async () => {
    await using task = await new RunningSink().start({ limits: { recordsMax: 100, bytesMax: 8, lingerMs: 0 } });
    task.consumer.assign(['t']);
    task.send('aaaa', 'bb', 'cc', 'dddddddd', 'e');
    await task.committed(5);
    assert.deepEqual(task.sink.batches, [['aaaa'], ['bb', 'cc'], ['dddddddd'], ['e']]);
  });

  test('waits for a full batch as long as it is told', async () => {
    await using task = await new RunningSink().start({ limits: { recordsMax: 3, bytesMax: 1 << 20, lingerMs: 40 } });
    task.consumer.assign(['t']);
    task.send('a');
    const pause = await until(() => task.pauses.find(({ delayMs }) => delayMs === 40), { what: 'the task to linger' });
    assert.equal(task.sink.writes, 0);
    task.send('b');
    await until(() => task.consumer.asked === 4, { what: 'the second record to be in hand' });
    pause.end();
    await task.committed(2);
    task.send('c', 'd', 'e');
    await task.committed(5);
    assert.deepEqual(task.sink.batches, [
      ['a', 'b'],
      ['c', 'd', 'e'],
    ]);
  });

  test('tries the same batch again while the target is away, with growing pauses, and commits nothing meanwhile', async () => {
    await using task = await new RunningSink().start();
    task.sink.failures.push(away(), away(), away());
    task.consumer.assign(['t']);
    task.send('a', 'b');
    for (const index of [0, 1, 2]) {
      const pause = await until(() => task.pauses[index], { what: `pause ${index}` });
      assert.equal(task.log.committed.get('t'), undefined);
      pause.end();
    }
    await task.committed(2);
    assert.deepEqual(
      task.pauses.map(({ delayMs }) => delayMs),
      [500, 1000, 2000],
    );
    assert.deepEqual(task.counts.retries, ['TARGET_UNAVAILABLE', 'TARGET_UNAVAILABLE', 'TARGET_UNAVAILABLE', 'over']);
    assert.deepEqual(task.sink.written, ['a', 'b']);
  });

  test('while the target is away it asks for no more records, but stays to hear of its partitions, and lets them go', async () => {
    await using task = await new RunningSink().start({ limits: { recordsMax: 1, bytesMax: 1 << 20, lingerMs: 0 } });
    task.sink.failures.push(away(), away());
    const gate = Promise.withResolvers<void>();
    task.sink.gate = gate.promise;
    task.consumer.assign(['t']);
    task.add('1', '2', '3', '4', '5', '6', '7');
    task.consumer.deliver('t', 1);
    // One record is being written, one is the next batch, one is being taken in and one waits.
    await until(() => task.consumer.asked === 5, { what: 'the task to hold back' });
    gate.resolve();
    await until(() => task.pauses.length === 1 && task.consumer.paused, { what: 'the target to be away' });
    await until(() => task.consumer.asked === 6, { what: 'the task to wait for word of its partitions' });
    task.consumer.revoke(['t']);
    await until(() => task.consumer.asked === 7, { what: 'the partitions to be let go of' });
    assert.equal(task.log.committed.size, 0);
    assert.equal(task.consumer.paused, false);
    task.consumer.assign(['t']);
    task.consumer.deliver('t', 1);
    (await until(() => task.pauses[1], { what: 'the target to be still away' })).end();
    await task.committed(7);
    assert.deepEqual(task.sink.written, ['1', '2', '3', '4', '5', '6', '7']);
    assert.equal(task.consumer.paused, false);
  });

  test('a target that is away when it is asked where to go on: partitions are let go of all the same', async () => {
    const task = new RunningSink();
    let asked = 0;
    task.sink.assign = async () => {
      if (++asked === 1) throw away();
      return [{ topic: 't', partition: 0, offset: 1n }];
    };
    await using running = await task.start();
    running.add('a', 'b');
    running.consumer.assign(['t']);
    await until(() => running.pauses.length === 1, { what: 'the target to be away' });
    assert.equal(running.consumer.paused, true);
    running.consumer.revoke(['t']);
    running.consumer.assign(['t']);
    await until(() => running.consumer.sought.length === 1, { what: 'the consumer to be seeked' });
    running.consumer.deliver('t');
    await running.committed(2);
    assert.deepEqual([running.sink.written, asked], [['b'], 2]);
  });

  test('ends with an error of the target that does not heal by itself, and leaves the offset', async () => {
    await using task = await new RunningSink().start();
    task.sink.failures.push(new SluiceError('TARGET_REFUSED', 'The login is refused.'));
    task.consumer.assign(['t']);
    task.send('a');
    const failure = await task.failure();
    assert.ok(failure instanceof SluiceError && failure.code === 'TARGET_REFUSED');
    assert.equal(task.log.committed.size, 0);
    assert.ok(task.sink.disposed && task.consumer.disposed);
  });

  test('makes what is in hand durable and commits it before its partitions go', async () => {
    await using task = await new RunningSink().start({ limits: { recordsMax: 2, bytesMax: 1 << 20, lingerMs: 0 } });
    const gate = Promise.withResolvers<void>();
    task.sink.gate = gate.promise;
    task.consumer.assign(['t']);
    task.send('a');
    await until(() => task.sink.underWay === 1, { what: 'the first write' });
    task.send('b');
    await until(() => task.consumer.asked === 4, { what: 'the second record to be in hand' });
    task.consumer.revoke(['t']);
    gate.resolve();
    await until(() => task.consumer.asked === 5, { what: 'the revocation to be dealt with' });
    assert.deepEqual([task.sink.written, task.log.committed.get('t')], [['a', 'b'], 2n]);
    assert.deepEqual(task.view!.partitions(), []);
  });

  test('gives up what it cannot write when its partitions go, and goes on there when they come back', async () => {
    await using task = await new RunningSink().start();
    task.sink.failures.push(away());
    task.consumer.assign(['t']);
    task.send('a', 'b');
    await until(() => task.pauses.length === 1, { what: 'the target to be away' });
    task.consumer.revoke(['t']);
    await until(() => task.consumer.asked === 4, { what: 'the revocation to be dealt with' });
    assert.deepEqual([task.sink.written, task.log.committed.size], [[], 0]);
    task.consumer.assign(['t']);
    task.consumer.deliver('t');
    await task.committed(2);
    assert.deepEqual(task.sink.written, ['a', 'b']);
  });

  test('does not commit partitions that are lost, and survives a commit that is refused for that reason', async () => {
    await using task = await new RunningSink().start();
    const gate = Promise.withResolvers<void>();
    task.sink.gate = gate.promise;
    task.consumer.assign(['t']);
    task.send('a');
    await until(() => task.sink.underWay === 1, { what: 'the write' });
    task.log.commitFailures.push(new SluiceError('FENCED', 'Another member has them.'));
    task.consumer.revoke(['t'], true);
    gate.resolve();
    await until(() => task.consumer.asked === 4, { what: 'the loss to be dealt with' });
    assert.equal(task.log.committed.size, 0);
    task.consumer.assign(['t']);
    task.consumer.deliver('t');
    await task.committed(1);
    assert.deepEqual(task.sink.written, ['a', 'a']);
  });

  test('goes on where a target that keeps the offsets says', async () => {
    const task = new RunningSink();
    task.sink.keepsOffsets([{ topic: 't', partition: 0, offset: 2n }]);
    await using running = await task.start();
    running.add('a', 'b', 'c');
    running.consumer.assign(['t']);
    await until(() => running.consumer.sought.length === 1, { what: 'the consumer to be seeked' });
    running.consumer.deliver('t');
    await running.committed(3);
    assert.deepEqual(running.sink.written, ['c']);
  });

  test('says that it knows no places while a target that keeps the offsets is asked for them', async () => {
    const task = new RunningSink();
    const asked = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    task.sink.assign = async () => {
      asked.resolve();
      await told.promise;
      return [{ topic: 't', partition: 0, offset: 0n }];
    };
    await using running = await task.start();
    running.add('a');
    running.consumer.assign(['t']);
    await asked.promise;
    assert.equal(running.view?.placing, true);
    told.resolve();
    running.consumer.deliver('t');
    await running.committed(1);
    assert.equal(running.view?.placing, false);
  });

  test('warns once a topic of documents’ updates that come without the documents: no sink can make anything of them', async () => {
    const { logger, lines } = logged();
    const fields = (values: Record<string, Value>): Value => new Map(Object.entries(values));
    const update = fields({ op: 'u', before: null, after: null, source: fields({ connector: 'mongodb', ts_ms: 1 }) });
    await using task = await new RunningSink().start({ logger, transform: record => ({ ...record, value: update }) });
    task.consumer.assign(['t']);
    task.send('a', 'b');
    await task.committed(2);
    const warned = lines.filter(line => JSON.stringify(line).includes('came without their documents'));
    assert.equal(warned.length, 1);
  });

  test('publishes with converters of its own where it has them; dead letters are as they lay in the log', async () => {
    const marked = (mark: string): Converter => ({
      serialize: (_topic, _schema, value) => Buffer.from(`${mark}${String(value)}`),
      deserialize: (_topic, bytes) => ({ schema: null, value: Buffer.from(bytes!).toString() }),
    });
    const header: HeaderConverter = { serializeHeader: () => null, deserializeHeader: () => ({ schema: null, value: null }) };
    const deadLetters = { topic: 'dlq', replicationFactor: 1, contextHeaders: false, parksLater: false };
    await using task = await new RunningSink().start({
      publishing: { key: marked('key '), value: marked('value '), header },
      errors: { ...tolerant, deadLetters },
    });
    task.sink.publish = value => [
      { topic: 'out', partition: null, timestamp: null, keySchema: null, key: 'k', valueSchema: null, value, headers: [] },
    ];
    task.sink.refused.set('b', new SluiceError('RECORD_REFUSED', 'No.'));
    task.consumer.assign(['t']);
    task.send('a', 'b');
    await task.committed(2);
    const texts = (topic: string) => task.log.topics.get(topic)?.map(({ key, value }) => `${key}: ${value}`);
    assert.deepEqual([texts('out'), texts('dlq')], [['key k: value a'], ['b: b']]);
  });

  test('publishes in one unit with the offset, behind every earlier commit', async () => {
    await using task = await new RunningSink().start();
    task.sink.publish = value =>
      value === 'b'
        ? [{ topic: 'out', partition: null, timestamp: null, keySchema: null, key: 'k', valueSchema: null, value: 'event', headers: [] }]
        : [];
    task.consumer.assign(['t']);
    task.send('a');
    await task.committed(1);
    assert.equal(task.log.writers, 0);
    task.send('b');
    await task.committed(2);
    assert.deepEqual(task.log.events, ['commit t 1', 'append 1', 'commit t 2']);
    assert.equal(Buffer.from(task.log.topics.get('out')![0]!.value!).toString(), 'event');
    assert.equal(task.log.writers, 1);
  });

  test('an append that is refused since the partitions are lost does not end the task', async () => {
    await using task = await new RunningSink().start();
    task.sink.publish = () => [
      { topic: 'out', partition: null, timestamp: null, keySchema: null, key: null, valueSchema: null, value: 'event', headers: [] },
    ];
    task.log.appendFailures.push(new SluiceError('FENCED', 'Another member has them.'));
    task.consumer.assign(['t']);
    task.send('a');
    await until(() => task.pauses.length === 1, { what: 'the append to be refused' });
    task.consumer.revoke(['t'], true);
    task.consumer.assign(['t']);
    task.consumer.deliver('t');
    await task.committed(1);
    assert.equal(task.log.topics.get('out')?.length, 1);
  });

  test('an append that is refused for another reason ends it as fenced', async () => {
    await using task = await new RunningSink().start();
    task.sink.publish = () => [
      { topic: 'out', partition: null, timestamp: null, keySchema: null, key: null, valueSchema: null, value: 'event', headers: [] },
    ];
    task.log.appendFailures.push(new SluiceError('FENCED', 'Another worker has the task.'));
    task.consumer.assign(['t']);
    task.send('a');
    (await until(() => task.pauses[0], { what: 'the append to be refused' })).end();
    const failure = await task.failure();
    assert.ok(failure instanceof SluiceError && failure.code === 'FENCED');
  });

  test('stopped, it ends the write that is under way and commits it', async () => {
    const task = await new RunningSink().start();
    const gate = Promise.withResolvers<void>();
    task.sink.gate = gate.promise;
    task.consumer.assign(['t']);
    task.send('a');
    await until(() => task.sink.underWay === 1, { what: 'the write' });
    const stopped = task.stop();
    gate.resolve();
    await stopped;
    assert.equal(task.log.committed.get('t'), 1n);
  });

  test('stopped while the target is away, it ends at once', async () => {
    const task = await new RunningSink().start();
    task.sink.failures.push(away());
    task.consumer.assign(['t']);
    task.send('a');
    await until(() => task.pauses.length === 1, { what: 'the target to be away' });
    await task.stop();
    assert.equal(task.log.committed.size, 0);
  });

  test('a record that a transform drops is counted, and the offset goes past it', async () => {
    await using task = await new RunningSink().start({ transform: record => (record.value === 'b' ? null : record) });
    task.consumer.assign(['t']);
    task.send('a', 'b');
    await task.committed(2);
    task.send('b', 'b');
    await task.committed(4);
    assert.deepEqual([task.sink.written, task.counts.filtered], [['a'], 3]);
  });

  test('tells how far it is', async () => {
    await using task = await new RunningSink().start();
    const gate = Promise.withResolvers<void>();
    task.consumer.assign(['t']);
    task.send('a', 'b');
    await task.committed(2);
    task.sink.gate = gate.promise;
    task.send('c', 'd');
    await until(() => task.sink.underWay === 1, { what: 'the second write' });
    task.add('e');
    assert.deepEqual(task.view!.partitions(), [{ topic: 't', partition: 0, era: 1, applied: 2n, lagRecords: 3n }]);
    gate.resolve();
    await task.committed(4);
    assert.deepEqual(task.view!.partitions(), [{ topic: 't', partition: 0, era: 1, applied: 4n, lagRecords: 1n }]);
  });
});
