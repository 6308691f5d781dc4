import type { TopicPartition } from '../contract/index.ts';

/** A member of a group and the topics it takes part in. */
export type Subscriber = { readonly member: string; readonly topics: readonly string[] };

/** The partitions of each member. Every partition of a topic somebody wants is one member's; equal questions have equal answers. */
type Assign = (
  subscribers: readonly Subscriber[],
  partitionsOf: ReadonlyMap<string, number>,
) => ReadonlyMap<string, readonly TopicPartition[]>;

export type AssignmentStrategy = 'range' | 'roundrobin';

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Kafka's assignors of these names: members by their ids, topics by their names. */
export const assignmentStrategies: Readonly<Record<AssignmentStrategy, Assign>> = {
  /** Topic by topic: neighbouring partitions to one member, those left over one each to the first members. */
  range(subscribers, partitionsOf) {
    const given = emptyShares(subscribers);
    for (const [topic, count] of sortedTopics(partitionsOf)) {
      const members = wanting(subscribers, topic);
      const each = Math.floor(count / members.length);
      const more = count % members.length;
      let partition = 0;
      for (const [index, member] of members.entries())
        for (let left = each + (index < more ? 1 : 0); left > 0; left--) given.get(member)!.push({ topic, partition: partition++ });
    }
    return given;
  },
  /** All partitions of all topics in turn: topics of one partition are spread too. */
  roundrobin(subscribers, partitionsOf) {
    const given = emptyShares(subscribers);
    const members = [...subscribers].sort((a, b) => byText(a.member, b.member));
    const wants = new Map(members.map(({ member, topics }) => [member, new Set(topics)]));
    let turn = 0;
    for (const [topic, count] of sortedTopics(partitionsOf)) {
      if (wanting(subscribers, topic).length === 0) continue;
      for (let partition = 0; partition < count; partition++) {
        while (!wants.get(members[turn % members.length]!.member)!.has(topic)) turn++;
        given.get(members[turn % members.length]!.member)!.push({ topic, partition });
        turn++;
      }
    }
    return given;
  },
};

function emptyShares(subscribers: readonly Subscriber[]): Map<string, TopicPartition[]> {
  return new Map(subscribers.map(({ member }) => [member, []]));
}

function wanting(subscribers: readonly Subscriber[], topic: string): readonly string[] {
  return subscribers
    .filter(({ topics }) => topics.includes(topic))
    .map(({ member }) => member)
    .sort(byText);
}

function sortedTopics(partitionsOf: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...partitionsOf].sort(([a], [b]) => byText(a, b));
}
