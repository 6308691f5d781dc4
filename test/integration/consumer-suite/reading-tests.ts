import assert from 'node:assert/strict';
import { test } from 'node:test';
import { code, type Suite } from '../log-suite/suite.ts';
import { commitAll, Member, nextOf } from './member.ts';

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => String(from + index));

/** One member: what it reads, where it begins and goes on. */
export function readingTests(suite: Suite): void {
  test('a member reads what is there and what comes, each partition in its order', async () => {
    const topic = await suite.aTopic(4);
    await using writer = await suite.writerOf(suite.aTask());
    await suite.append(
      writer,
      numbers(2000).map(value => ({ topic, key: `key ${Number(value) % 37}`, value })),
    );
    await using member = new Member(suite.log, { group: suite.aName('group'), topics: [topic], recordsMax: 100 });
    await member.untilCount(2000);
    await suite.append(
      writer,
      numbers(500, 2000).map(value => ({ topic, key: `key ${Number(value) % 37}`, value })),
    );
    await member.untilCount(2500);
    assert.deepEqual(
      member.values.map(Number).toSorted((a, b) => a - b),
      numbers(2500).map(Number),
    );
    for (const partition of [0, 1, 2, 3]) {
      const part = member.records.filter(record => record.partition === partition);
      assert.ok(part.length > 0);
      assert.ok(part.every((record, index) => index === 0 || record.offset > part[index - 1]!.offset));
    }
    assert.ok(member.told.every(event => event.type !== 'records' || (event.records.length > 0 && event.records.length <= 100)));
  });

  test('keys, nulls, headers and timestamps come as they were appended', async () => {
    const topic = await suite.aTopic();
    await using writer = await suite.writerOf(suite.aTask());
    const headers = [{ key: 'origin', value: Buffer.from('test') }];
    await suite.append(writer, [
      { topic, key: 'k', value: 'v', timestampMs: 1_700_000_000_123, headers },
      { topic, key: 'k', value: null, timestampMs: 1_700_000_000_124 },
    ]);
    await using member = new Member(suite.log, { group: suite.aName('group'), topics: [topic] });
    await member.untilCount(2);
    const [first, second] = member.records;
    assert.equal(Buffer.from(first!.key!).toString(), 'k');
    assert.deepEqual(
      first!.headers.map(({ key, value }) => [key, Buffer.from(value!).toString()]),
      [['origin', 'test']],
    );
    assert.equal(first!.timestampMs, 1_700_000_000_123);
    assert.equal(second!.value, null);
  });

  test('what was committed is where the next member goes on, also after a restart', async () => {
    const topic = await suite.aTopic();
    const group = suite.aName('group');
    await using writer = await suite.writerOf(suite.aTask());
    await suite.append(
      writer,
      numbers(10).map(value => ({ topic, value })),
    );
    {
      await using member = new Member(suite.log, { group, topics: [topic], recordsMax: 4 });
      await member.untilCount(10);
      await member.consumer.commit(nextOf(member.records.slice(0, 6)));
      // Events have ended, and it is a member still.
      await member.stop();
      await member.consumer.commit(nextOf(member.records.slice(0, 7)));
    }
    await suite.reopen();
    const [committed] = await suite.log.groups.offsets(group);
    await using member = new Member(suite.log, { group, topics: [topic] });
    await member.untilCount(3);
    assert.deepEqual(member.values, ['7', '8', '9']);
    assert.equal(member.records[0]!.offset, committed!.offset);
    assert.deepEqual(
      member.owned.map(({ offset }) => offset),
      [committed!.offset],
    );
  });

  test('a member without offset begins at the start, or at the end, or fails, as its reset says', async () => {
    const topic = await suite.aTopic();
    await using writer = await suite.writerOf(suite.aTask());
    await suite.append(writer, [{ topic, value: 'old' }]);
    await using earliest = new Member(suite.log, { group: suite.aName('group'), topics: [topic], reset: 'earliest' });
    await using latest = new Member(suite.log, { group: suite.aName('group'), topics: [topic], reset: 'latest' });
    await using overridden = new Member(suite.log, {
      group: suite.aName('group'),
      topics: [topic],
      reset: 'earliest',
      overrides: { 'auto.offset.reset': 'latest', 'max.poll.records': '1' },
    });
    await using none = new Member(suite.log, { group: suite.aName('group'), topics: [topic], reset: 'none' });
    assert.equal((await none.failed()).code, 'OFFSET_UNKNOWN');
    for (const member of [latest, overridden]) await member.until('assignment', ({ owned }) => owned.length === 1);
    await suite.append(writer, [
      { topic, value: 'new' },
      { topic, value: 'newer' },
    ]);
    await earliest.untilCount(3);
    for (const member of [latest, overridden]) await member.untilCount(2);
    assert.deepEqual(earliest.values, ['old', 'new', 'newer']);
    assert.deepEqual(latest.values, ['new', 'newer']);
    assert.deepEqual(overridden.values, ['new', 'newer']);
    assert.ok(overridden.told.every(event => event.type !== 'records' || event.records.length === 1));
  });

  test('an offset that retention has passed is reset', async () => {
    const topic = await suite.aTopic();
    const group = suite.aName('group');
    await using writer = await suite.writerOf(suite.aTask());
    for (const value of numbers(10)) await suite.append(writer, [{ topic, value }]);
    {
      await using member = new Member(suite.log, { group, topics: [topic] });
      await member.untilCount(10);
      await member.consumer.commit(nextOf(member.records.slice(0, 3)));
      await suite.log.truncate(topic, member.records[8]!.offset);
    }
    {
      await using none = new Member(suite.log, { group, topics: [topic], reset: 'none' });
      assert.equal((await none.failed()).code, 'OFFSET_UNKNOWN');
    }
    await using member = new Member(suite.log, { group, topics: [topic] });
    await member.untilCount(2);
    assert.deepEqual(member.values, ['8', '9']);
  });

  test('retention that passes a member while it reads resets it too', async () => {
    const topic = await suite.aTopic();
    await using writer = await suite.writerOf(suite.aTask());
    for (const value of numbers(10)) await suite.append(writer, [{ topic, value }]);
    const all = await suite.read({ topics: [topic] });
    const go = Promise.withResolvers<void>();
    const group = suite.aName('group');
    await using member = new Member(suite.log, { group, topics: [topic], recordsMax: 1 }, (_, { records }) =>
      records.length === 1 ? go.promise : undefined,
    );
    await member.untilCount(1);
    await suite.log.truncate(topic, all[8]!.offset);
    await member.consumer.seek([{ topic, partition: 0, offset: all[2]!.offset }]);
    go.resolve();
    await member.until('record 9', ({ values }) => values.includes('9'));
    assert.deepEqual(member.values, ['0', '8', '9']);
  });

  test('seek goes on elsewhere and forgets what was read ahead', async () => {
    const topic = await suite.aTopic(2);
    await using writer = await suite.writerOf(suite.aTask());
    await suite.append(
      writer,
      numbers(2000).map(value => ({ topic, value, partition: 0 })),
    );
    await suite.append(writer, [{ topic, value: 'other', partition: 1 }]);
    const stand = Promise.withResolvers<void>();
    let sought = false;
    const group = suite.aName('group');
    await using member = new Member(suite.log, { group, topics: [topic], recordsMax: 10 }, async (_, { records, consumer }) => {
      if (sought || records.filter(({ partition }) => partition === 0).length < 30) return;
      sought = true;
      const first = records.find(({ partition }) => partition === 0)!;
      await consumer.seek([{ topic, partition: 0, offset: first.offset + 5n }]);
      stand.resolve();
    });
    await stand.promise;
    const before = member.values.filter(value => value !== 'other').length;
    await member.until('last record', ({ values }) => values.includes('1999') && values.includes('other'));
    const values = member.values.filter(value => value !== 'other').map(Number);
    assert.deepEqual(values.slice(0, before), numbers(before).map(Number));
    assert.deepEqual(values.slice(before), numbers(1995, 5).map(Number));
    await assert.rejects(member.consumer.seek([{ topic, partition: 7, offset: 0n }]), code('FENCED'));
  });

  test('lag falls to nothing, and the position reaches the end', async () => {
    const topic = await suite.aTopic();
    await using writer = await suite.writerOf(suite.aTask());
    await suite.append(
      writer,
      numbers(50).map(value => ({ topic, value })),
    );
    const held = Promise.withResolvers<void>();
    const group = suite.aName('group');
    await using member = new Member(suite.log, { group, topics: [topic], recordsMax: 10 }, (_, { records }) =>
      records.length === 10 ? held.promise : undefined,
    );
    await member.untilCount(10);
    const [lag] = member.consumer.lag();
    assert.equal(lag!.position, 10n);
    assert.ok(lag!.records >= 40n && lag!.records <= 41n, `${lag!.records} records behind`);
    held.resolve();
    await member.untilCount(50);
    const [description] = await suite.log.describeTopics([topic]);
    const { end } = description!.partitions[0]!;
    await member.until('position', ({ consumer }) => consumer.lag()[0]?.position === end && consumer.lag()[0]?.records === 0n);
  });

  test('a topic that is not there yet is read when it is', async () => {
    const [there, later] = [await suite.aTopic(), suite.aName('topic')];
    await using writer = await suite.writerOf(suite.aTask());
    await using member = new Member(suite.log, { group: suite.aName('group'), topics: [there, later] });
    await member.until('assignment', ({ owned }) => owned.length === 1);
    await suite.log.ensureTopics([{ topic: later, partitions: 2, replicationFactor: -1, configs: {} }], new AbortController().signal);
    await suite.append(writer, [{ topic: later, value: 'late', partition: 1 }]);
    await member.untilCount(1);
    assert.deepEqual(member.values, ['late']);
    assert.equal(member.owned.length, 3);
  });

  test('a pattern takes whole names, and topics made later', async () => {
    const prefix = suite.aName('pattern');
    const specs = (names: readonly string[]) => names.map(topic => ({ topic, partitions: 1, replicationFactor: -1, configs: {} }));
    const never = new AbortController().signal;
    await suite.log.ensureTopics(specs([`${prefix}.a`, `${prefix}.a.not`, `not.${prefix}.a`]), never);
    await using writer = await suite.writerOf(suite.aTask());
    for (const topic of [`${prefix}.a`, `${prefix}.a.not`, `not.${prefix}.a`]) await suite.append(writer, [{ topic, value: topic }]);
    const group = suite.aName('group');
    await using member = new Member(suite.log, { group, topics: new RegExp(`${prefix}\\.[a-z]`, 'g') }, commitAll);
    await member.untilCount(1);
    await suite.log.ensureTopics(specs([`${prefix}.b`]), never);
    await suite.append(writer, [{ topic: `${prefix}.b`, value: 'new' }]);
    await member.untilCount(2);
    assert.deepEqual(member.values, [`${prefix}.a`, 'new']);
  });

  test('an option that cannot be honoured is refused by name', async () => {
    const consumer = (overrides: Record<string, string>) => () =>
      suite.log.consumer({ group: 'g', topics: ['t'], reset: 'earliest', bufferBytesMax: 1, recordsMax: 1, overrides });
    assert.throws(consumer({ 'isolation.level': 'read_uncommitted' }), /consumer\.override\.isolation\.level.*aborted/);
    assert.throws(
      consumer({ 'group.id': 'mine', 'auto.offset.reset': 'sometime' }),
      /group\.id.*auto\.offset\.reset|auto\.offset\.reset.*group\.id/,
    );
    assert.throws(consumer({ 'session.timeout.ms': '3000' }), code('CONFIG_INVALID'));
  });
}
