import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Consumed } from '../../../src/contract/index.ts';
import { until } from '../../support/until.ts';
import { code, type Suite } from '../log-suite/suite.ts';
import { commitAll, Member, nextOf } from './member.ts';

const places = (member: Member) => member.owned.map(({ topic, partition }) => `${topic} ${partition}`).toSorted();

/** Several members: who has what, and whose commits count. */
export function groupTests(suite: Suite): void {
  test('two members share the partitions, and whoever stays gets all when one leaves', async () => {
    const [one, two] = [await suite.aTopic(3), await suite.aTopic()];
    const group = suite.aName('group');
    await using writer = await suite.writerOf(suite.aTask());
    const options = { group, topics: [one, two] };
    await using first = new Member(suite.log, options, commitAll);
    await first.until('assignment', ({ owned }) => owned.length === 4);
    const generation = first.generation;
    {
      await using second = new Member(suite.log, options, commitAll);
      const isShared = ({ owned }: Member) => owned.length === 2 && second.generation === first.generation;
      await second.until('share', isShared);
      await first.until('share', isShared);
      assert.equal(new Set([...places(first), ...places(second)]).size, 4);
      assert.ok(first.generation > generation);
      const records = Array.from({ length: 300 }, (_, index) => ({ topic: one, value: String(index), partition: index % 3 }));
      await suite.append(writer, [...records, { topic: two, value: 'two' }]);
      await first.until('records', () => first.records.length + second.records.length >= 301);
      assert.equal(first.records.length + second.records.length, 301);
      for (const member of [first, second])
        assert.ok(member.records.every(({ topic, partition }) => places(member).includes(`${topic} ${partition}`)));
    }
    await first.until('whole', ({ owned }) => owned.length === 4);
    const types = first.told.map(({ type }) => type).filter(type => type !== 'records');
    assert.ok(types.every((type, index) => type === (index % 2 === 0 ? 'assigned' : 'revoked')));
    assert.ok(first.told.every(event => event.type !== 'revoked' || !event.lost));
  });

  test('a rebalance waits until what was handed out is dealt with, and then goes on behind what was committed', async () => {
    const topic = await suite.aTopic();
    const group = suite.aName('group');
    await using writer = await suite.writerOf(suite.aTask());
    await suite.append(
      writer,
      Array.from({ length: 10 }, (_, index) => ({ topic, value: String(index) })),
    );
    const held = Promise.withResolvers<void>();
    await using first = new Member(suite.log, { group, topics: [topic], recordsMax: 5 }, async (records, { consumer, records: all }) => {
      if (all.length === 5) await held.promise;
      await consumer.commit(nextOf(records));
    });
    await first.untilCount(5);
    await using second = new Member(suite.log, { group, topics: [topic], recordsMax: 5 }, commitAll);
    assert.equal(second.assignments, 0);
    held.resolve();
    await second.until('assignment', ({ assignments }) => assignments > 0);
    await first.until('all', () => first.records.length + second.records.length >= 10);
    assert.deepEqual([...first.values, ...second.values].toSorted(), ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  test('paused, a member is handed nothing, stays one for as long as it likes, and lets go when others come', async () => {
    const topic = await suite.aTopic(2);
    const group = suite.aName('group');
    await using writer = await suite.writerOf(suite.aTask());
    const values = Array.from({ length: 20 }, (_, index) => String(index));
    await suite.append(
      writer,
      values.map((value, index) => ({ topic, value, partition: index % 2 })),
    );
    // Longer than a commit takes on a busy machine.
    const pollMsMax = 6000;
    const overrides = { 'max.poll.interval.ms': String(pollMsMax) };
    await using first = new Member(suite.log, { group, topics: [topic], recordsMax: 5, overrides }, async (records, { consumer }) => {
      consumer.pause();
      await consumer.commit(nextOf(records));
    });
    await first.untilCount(5);
    const pausedAtMs = performance.now();
    await first.until('pause, longer than the poll interval', () => performance.now() - pausedAtMs > 1.2 * pollMsMax);
    assert.equal(first.records.length, 5);
    assert.deepEqual(
      first.told.map(({ type }) => type).filter(type => type !== 'records'),
      ['assigned'],
    );
    await using second = new Member(suite.log, { group, topics: [topic] }, commitAll);
    await second.until('share', ({ owned }) => owned.length === 1);
    await first.until('share', ({ owned }) => owned.length === 1);
    assert.ok(first.told.every(event => event.type !== 'revoked' || !event.lost));
    const resuming = setInterval(() => first.consumer.resume(), 10);
    try {
      await first.until('rest', () => first.records.length + second.records.length >= 20);
    } finally {
      clearInterval(resuming);
    }
    assert.deepEqual(
      [...first.values, ...second.values].toSorted((one, other) => Number(one) - Number(other)),
      values,
    );
  });

  test('a commit of a member that has been put out is refused', async () => {
    const topic = await suite.aTopic();
    const group = suite.aName('group');
    await using writer = await suite.writerOf(suite.aTask());
    await suite.append(writer, [{ topic, value: 'a' }]);
    const held = Promise.withResolvers<void>();
    const overrides = { 'max.poll.interval.ms': '1000' };
    let consumed: Consumed | undefined;
    await using slow = new Member(suite.log, { group, topics: [topic], overrides }, (records, { consumer }) => {
      // At once: a moment later it may have been put out.
      consumed ??= consumer.consumed(nextOf(records));
      return held.promise;
    });
    await slow.untilCount(1);
    await using other = new Member(suite.log, { group, topics: [topic] }, commitAll);
    await other.untilCount(1);
    assert.deepEqual(other.values, ['a']);
    await assert.rejects(slow.consumer.commit(nextOf(slow.records)), code('FENCED'));
    await assert.rejects(suite.append(writer, [{ topic, value: 'never' }], [], consumed), code('FENCED'));
    held.resolve();
    await slow.until('word of it', ({ told }) => told.some(event => event.type === 'revoked' && event.lost));
    assert.ok(!(await suite.read({ topics: [topic] })).some(({ value }) => Buffer.from(value!).toString() === 'never'));
  });

  test('offsets are changed from outside only while nobody reads', async () => {
    const topic = await suite.aTopic(2);
    const group = suite.aName('group');
    await using writer = await suite.writerOf(suite.aTask());
    await suite.append(
      writer,
      [0, 1].flatMap(partition => ['a', 'b', 'c'].map(value => ({ topic, value: `${value}${partition}`, partition }))),
    );
    const at = (partition: number, offset: bigint | null) => ({ topic, partition, offset });
    assert.deepEqual(await suite.log.groups.offsets(group), []);
    {
      await using member = new Member(suite.log, { group, topics: [topic] }, commitAll);
      await member.untilCount(6);
      await assert.rejects(suite.log.groups.alterOffsets(group, [at(0, 1n)]), code('LOG_REFUSED'));
      await assert.rejects(suite.log.groups.alterOffsets(group, [at(0, null)]), code('LOG_REFUSED'));
      await assert.rejects(suite.log.groups.remove(group), code('LOG_REFUSED'));
      // The last commit may be on its way when its record has come: a member that leaves does not wait for it.
      await until(async () => (await suite.log.groups.offsets(group)).length === 2, { what: 'offsets of both partitions' });
    }
    await suite.log.groups.alterOffsets(group, [at(0, 1n), at(1, null)]);
    assert.deepEqual(await suite.log.groups.offsets(group), [at(0, 1n)]);
    {
      await using member = new Member(suite.log, { group, topics: [topic] });
      await member.untilCount(5);
      assert.deepEqual(member.values.toSorted(), ['a1', 'b0', 'b1', 'c0', 'c1']);
    }
    await suite.log.groups.remove(group);
    await suite.log.groups.remove(suite.aName('absent'));
    assert.deepEqual(await suite.log.groups.offsets(group), []);
  });

  test('a topic made again is read from its start, in a later era', async () => {
    const topic = await suite.aTopic();
    const group = suite.aName('group');
    const spec = { topic, partitions: 1, replicationFactor: -1, configs: {} };
    const never = new AbortController().signal;
    {
      await using writer = await suite.writerOf(suite.aTask());
      await suite.append(
        writer,
        ['a', 'b', 'c'].map(value => ({ topic, value })),
      );
    }
    await using member = new Member(suite.log, { group, topics: [topic] }, commitAll);
    await member.untilCount(3);
    const { era } = member.owned[0]!;
    await suite.log.deleteTopics([topic]);
    await suite.log.ensureTopics([spec], never);
    {
      await using writer = await suite.writerOf(suite.aTask());
      await suite.append(writer, [{ topic, value: 'again' }]);
    }
    await member.untilCount(4);
    assert.deepEqual(member.values, ['a', 'b', 'c', 'again']);
    assert.ok(member.owned[0]!.era > era, `era ${member.owned[0]!.era} after ${era}`);
    const later = member.owned[0]!.era;
    await member[Symbol.asyncDispose]();
    await suite.log.groups.remove(group);
    await suite.reopen();
    await using next = new Member(suite.log, { group, topics: [topic] });
    await next.untilCount(1);
    assert.equal(next.owned[0]!.era, later);
  });
}
