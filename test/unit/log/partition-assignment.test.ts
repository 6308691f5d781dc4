import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AssignmentStrategy, assignmentStrategies } from '../../../src/log/partition-assignment.ts';

const { range, roundrobin } = assignmentStrategies;
const shown = (shares: ReturnType<typeof range>) =>
  Object.fromEntries([...shares].map(([member, list]) => [member, list.map(({ topic, partition }) => `${topic}${partition}`).join(' ')]));

// The examples of Kafka's own RangeAssignor and RoundRobinAssignor (their class comments).
test('range gives neighbours to one member, topic by topic', () => {
  const members = ['C0', 'C1'].map(member => ({ member, topics: ['t0', 't1'] }));
  const partitions = new Map([
    ['t0', 3],
    ['t1', 3],
  ]);
  assert.deepEqual(shown(range(members, partitions)), { C0: 't00 t01 t10 t11', C1: 't02 t12' });
});

test('roundrobin goes over all partitions of all topics', () => {
  const members = ['C0', 'C1'].map(member => ({ member, topics: ['t0', 't1'] }));
  const partitions = new Map([
    ['t0', 3],
    ['t1', 3],
  ]);
  assert.deepEqual(shown(roundrobin(members, partitions)), { C0: 't00 t02 t11', C1: 't01 t10 t12' });
});

test('roundrobin passes members by that do not want a topic', () => {
  const members = [
    { member: 'C0', topics: ['t0'] },
    { member: 'C1', topics: ['t0', 't1'] },
    { member: 'C2', topics: ['t0', 't1', 't2'] },
  ];
  const partitions = new Map([
    ['t0', 1],
    ['t1', 2],
    ['t2', 3],
  ]);
  assert.deepEqual(shown(roundrobin(members, partitions)), { C0: 't00', C1: 't10', C2: 't11 t20 t21 t22' });
});

test('every wanted partition is exactly one member’s who wants it, whatever the order in which members are named', () => {
  const topics = ['a', 'b', 'c', 'd'];
  const group = fc.record({
    counts: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 4, maxLength: 4 }),
    members: fc.uniqueArray(fc.record({ member: fc.string({ minLength: 1, maxLength: 3 }), topics: fc.subarray(topics) }), {
      selector: ({ member }) => member,
      minLength: 1,
      maxLength: 6,
    }),
  });
  for (const strategy of Object.keys(assignmentStrategies) as AssignmentStrategy[])
    fc.assert(
      fc.property(group, ({ counts, members }) => {
        const partitions = new Map(topics.map((topic, index) => [topic, counts[index]!]));
        const shares = assignmentStrategies[strategy](members, partitions);
        const given = [...shares].flatMap(([member, list]) => list.map(place => ({ member, ...place })));
        const wanted = topics.filter(topic => members.some(member => member.topics.includes(topic)));
        assert.equal(
          given.length,
          wanted.reduce((sum, topic) => sum + partitions.get(topic)!, 0),
        );
        assert.equal(new Set(given.map(({ topic, partition }) => `${topic} ${partition}`)).size, given.length);
        for (const { member, topic } of given) assert.ok(members.find(one => one.member === member)!.topics.includes(topic));
        const again = assignmentStrategies[strategy](members.toReversed(), partitions);
        assert.deepEqual(new Map([...again].sort()), new Map([...shares].sort()));
      }),
    );
});
