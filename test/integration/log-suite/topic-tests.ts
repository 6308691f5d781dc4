import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { code, never, type Suite, texts } from './suite.ts';

/** Topics: made, described, deleted. */
export function topicTests(suite: Suite): void {
  test('ensureTopics makes topics once, and leaves those there are as they are', async () => {
    const topic = await suite.aTopic(3);
    await suite.log.ensureTopics([{ topic, partitions: 5, replicationFactor: -1, configs: {} }], never);
    const other = suite.aName('topic');
    await suite.log.ensureTopics(
      [
        { topic, partitions: 1, replicationFactor: -1, configs: {} },
        { topic: other, partitions: -1, replicationFactor: -1, configs: { 'cleanup.policy': 'delete', 'retention.ms': '3600000' } },
      ],
      never,
    );
    const described = await suite.log.describeTopics([topic, other, suite.aName('absent')]);
    assert.deepEqual(described.map(description => description.topic).toSorted(), [topic, other].toSorted());
    assert.equal(described.find(description => description.topic === topic)!.partitions.length, 3);
  });

  test('topics describe the offsets they hold, and all are listed where none are named', async () => {
    const topic = await suite.aTopic(2);
    await using writer = await suite.writerOf(suite.aTask());
    const empty = await suite.log.describeTopics([topic]);
    assert.deepEqual(empty[0]!.partitions, [
      { partition: 0, start: 0n, end: 0n },
      { partition: 1, start: 0n, end: 0n },
    ]);
    await suite.append(writer, [
      { topic, value: 'a', partition: 1 },
      { topic, value: 'b', partition: 1 },
    ]);
    const [description] = await suite.log.describeTopics([topic]);
    assert.equal(description!.partitions[0]!.end, 0n);
    // At least: on Kafka a transaction's marker takes an offset too.
    assert.ok(description!.partitions[1]!.end >= 2n);
    assert.ok((await suite.log.describeTopics()).some(listed => listed.topic === topic));
  });

  test('a truncated topic begins at the offset named, and goes on', async () => {
    const topic = await suite.aTopic();
    await using writer = await suite.writerOf(suite.aTask());
    for (const value of ['a', 'b', 'c']) await suite.append(writer, [{ topic, value }]);
    const all = await suite.read({ topics: [topic] });
    await suite.log.truncate(topic, all[1]!.offset);
    assert.deepEqual(texts(await suite.read({ topics: [topic] })), ['b', 'c']);
    const [description] = await suite.log.describeTopics([topic]);
    assert.equal(description!.partitions[0]!.start, all[1]!.offset);
    await suite.append(writer, [{ topic, value: 'd' }]);
    await suite.log.truncate(topic, all[0]!.offset);
    assert.deepEqual(texts(await suite.read({ topics: [topic] })), ['b', 'c', 'd']);
    await assert.rejects(suite.log.truncate(suite.aName('absent'), 1n), code('TOPIC_UNKNOWN'));
  });

  test('a deleted topic is gone', async () => {
    const topic = await suite.aTopic();
    await using writer = await suite.writerOf(suite.aTask());
    await suite.append(writer, [{ topic, value: 'gone' }]);
    await suite.log.deleteTopics([topic]);
    await until(async () => (await suite.log.describeTopics([topic])).length === 0, { what: 'the topic to be gone' });
  });
}
