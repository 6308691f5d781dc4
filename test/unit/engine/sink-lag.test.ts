import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventLog, PartitionOffset, TopicDescription } from '../../../src/contract/index.ts';
import { measureSink, type SinkLag } from '../../../src/engine/sink/sink-lag.ts';
import type { PartitionProgress } from '../../../src/engine/sink/sink-task-plan.ts';

const plan = { group: 'connect-s', topics: ['t'] };

/** A log whose topic `t` has one partition a pair of start and end, and whose group has committed these offsets. */
function logWith(partitions: readonly (readonly [start: number, end: number])[], committed: readonly number[]): EventLog {
  const described: TopicDescription = {
    topic: 't',
    partitions: partitions.map(([start, end], partition) => ({ partition, start: BigInt(start), end: BigInt(end) })),
  };
  const offsets: PartitionOffset[] = committed.map((offset, partition) => ({ topic: 't', partition, offset: BigInt(offset) }));
  const log: Pick<EventLog, 'describeTopics'> & { readonly groups: Pick<EventLog['groups'], 'offsets'> } = {
    describeTopics: async () => [described],
    groups: { offsets: async () => offsets },
  };
  return log as EventLog;
}

const running = (applied: number, lagRecords: number, partition = 0): PartitionProgress => ({
  topic: 't',
  partition,
  era: 0,
  applied: BigInt(applied),
  lagRecords: BigInt(lagRecords),
});
const records = ({ recordsByTopic }: SinkLag) => recordsByTopic.get('t');

test('without a task the group’s offset counts, and where there is none the topic’s beginning', async () => {
  assert.equal(records(await measureSink(logWith([[0, 10]], [4]), plan, [], null, 1)), 6);
  assert.equal(records(await measureSink(logWith([[3, 10]], []), plan, [], null, 1)), 7);
});

test('what was cleaned away before it was read is no lag', async () => {
  assert.equal(records(await measureSink(logWith([[8, 10]], [4]), plan, [], null, 1)), 2);
});

test('a task whose target is away has a lag that grows with the topic, whatever its consumer last heard', async () => {
  const stalled = [running(4, 6)];
  assert.equal(records(await measureSink(logWith([[0, 10]], [4]), plan, stalled, null, 1)), 6);
  assert.equal(records(await measureSink(logWith([[0, 25]], [4]), plan, stalled, null, 2)), 21);
});

test('a task with nothing to do has no lag, though markers of transactions lie behind its last record', async () => {
  const lag = await measureSink(logWith([[0, 11]], [10]), plan, [running(10, 0)], null, 7);
  assert.equal(records(lag), 0);
  assert.equal(lag.completeToMs, 7);
});

test('everything that was there at the last look and is applied by now makes that moment complete', async () => {
  const first = await measureSink(logWith([[0, 10]], [4]), plan, [], null, 100);
  assert.equal(first.completeToMs, null);
  const second = await measureSink(logWith([[0, 20]], [9]), plan, [], first, 200);
  assert.equal(second.completeToMs, null, 'one record of the first look is still owed');
  const third = await measureSink(logWith([[0, 30]], [20]), plan, [], second, 300);
  assert.equal(third.completeToMs, 200);
  const stopped = await measureSink(logWith([[0, 40]], [20]), plan, [], third, 400);
  assert.equal(stopped.completeToMs, 200, 'it does not go on where nothing is applied');
});
