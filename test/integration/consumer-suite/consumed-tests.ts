import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { code, offsetAt, type Suite, texts } from '../log-suite/suite.ts';
import { Member, nextOf } from './member.ts';

/** Offsets of a group within an append: one atomic unit with its records. */
export function consumedTests(suite: Suite): void {
  test('records and what they were made of become durable together', async () => {
    const [from, to] = [await suite.aTopic(), await suite.aTopic()];
    const group = suite.aName('group');
    await using source = await suite.writerOf(suite.aTask());
    await suite.append(
      source,
      ['a', 'b', 'c'].map(value => ({ topic: from, value })),
    );
    await using writer = await suite.writerOf(suite.aTask());
    {
      await using _ = new Member(suite.log, { group, topics: [from], recordsMax: 1 }, async (records, { consumer }) => {
        const [value] = texts(records);
        await suite.append(writer, [{ topic: to, value: `${value} done` }], [], consumer.consumed(nextOf(records)));
      });
      const halfDone = await until(async () => (await suite.log.groups.offsets(group))[0], { what: 'an offset of the group' });
      // What is before the offset is done. (On Kafka a transaction's end reaches each partition by itself, the group's a moment before the topic's.)
      // Behind the last record a group's offset moves past the end of its transaction.
      const wanted = Math.min(3, Number(halfDone.offset));
      const done = async () => (await suite.read({ topics: [to] })).length >= wanted;
      await until(done, { what: `what is before offset ${halfDone.offset}` });
      await until(async () => (await suite.read({ topics: [to] })).length === 3, { what: 'what was made of three records' });
    }
    const [committed] = await suite.log.groups.offsets(group);
    const [description] = await suite.log.describeTopics([from]);
    assert.equal(committed!.offset, description!.partitions[0]!.end);
    assert.deepEqual(texts(await suite.read({ topics: [to] })), ['a done', 'b done', 'c done']);
  });

  test('an offset alone, and with the task’s own offsets', async () => {
    const topic = await suite.aTopic();
    const group = suite.aName('group');
    const task = suite.aTask();
    await using writer = await suite.writerOf(task);
    await suite.append(
      writer,
      ['a', 'b'].map(value => ({ topic, value })),
    );
    {
      await using member = new Member(suite.log, { group, topics: [topic] });
      await member.untilCount(2);
      await suite.append(writer, [], [], member.consumer.consumed(nextOf(member.records.slice(0, 1))));
      const [first] = await suite.log.groups.offsets(group);
      assert.equal(first!.offset, member.records[0]!.offset + 1n);
      await suite.append(writer, [], [offsetAt('one', 1)], member.consumer.consumed(nextOf(member.records)));
    }
    const [committed] = await suite.log.groups.offsets(group);
    assert.ok(committed!.offset >= 2n);
    assert.deepEqual(await suite.log.connectors.offsets(task.connector), [offsetAt('one', 1)]);
  });

  test('a unit that is refused leaves the group’s offset where it was', async () => {
    const topic = await suite.aTopic();
    const group = suite.aName('group');
    const task = suite.aTask();
    await using writer = await suite.writerOf(task);
    await suite.append(
      writer,
      ['a', 'b'].map(value => ({ topic, value })),
    );
    await using member = new Member(suite.log, { group, topics: [topic] });
    await member.untilCount(2);
    await member.consumer.commit(nextOf(member.records.slice(0, 1)));
    const before = await suite.log.groups.offsets(group);
    const consumed = member.consumer.consumed(nextOf(member.records));
    await assert.rejects(suite.append(writer, [{ topic, value: 'nowhere', partition: 9 }], [], consumed), code('LOG_REFUSED'));
    await using zombie = await suite.writerOf(task);
    await using owner = await suite.writerOf(task);
    await assert.rejects(suite.append(zombie, [{ topic, value: 'zombie' }], [], consumed), code('FENCED'));
    assert.deepEqual(await suite.log.groups.offsets(group), before);
    await suite.append(owner, [{ topic, value: 'c' }], [], consumed);
    const [after] = await suite.log.groups.offsets(group);
    // On Kafka the marker of the transaction is passed over too.
    assert.ok(after!.offset > member.records[1]!.offset);
    assert.deepEqual(texts(await suite.read({ topics: [topic] })), ['a', 'b', 'c']);
  });
}
