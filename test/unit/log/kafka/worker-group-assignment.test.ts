import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assignConnectors, type GroupMember } from '../../../../src/log/kafka/worker-group-assignment.ts';

const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,2}$/), { maxLength: 30 });

/** Members that each say they run something: of the connectors, of those of others, and of some that are gone. */
const groups = fc
  .record({
    connectors: names,
    ids: fc.uniqueArray(fc.stringMatching(/^[A-Z]{1,2}$/), { minLength: 1, maxLength: 6 }),
    gone: names,
    seed: fc.infiniteStream(fc.nat()),
  })
  .map(({ connectors, ids, gone, seed }) => {
    const of = new Map<string, string[]>(ids.map(id => [id, []]));
    for (const name of new Set([...connectors, ...gone])) {
      const [first, second, twice] = [seed.next().value, seed.next().value, seed.next().value];
      // One more than there are members: nobody runs it. Now and then two do.
      of.get(ids[first % (ids.length + 1)] ?? '')?.push(name);
      if (twice % 10 === 0) of.get(ids[second % ids.length]!)!.push(name);
    }
    return { connectors, members: ids.map((member): GroupMember => ({ member, owned: [...new Set(of.get(member)!)] })) };
  });

function keptOf({ member, owned }: GroupMember, shares: ReadonlyMap<string, readonly string[]>): readonly string[] {
  return shares.get(member)!.filter(name => owned.includes(name));
}

/** What every member does with its share: runs it, and nothing else. */
function next(shares: ReadonlyMap<string, readonly string[]>): readonly GroupMember[] {
  return [...shares].map(([member, owned]) => ({ member, owned }));
}

test('no two members are given the same, and nobody what another one runs', () => {
  fc.assert(
    fc.property(groups, ({ connectors, members }) => {
      const shares = assignConnectors(connectors, members);
      assert.deepEqual([...shares.keys()].sort(), members.map(({ member }) => member).sort());
      const given = [...shares.values()].flat();
      assert.equal(new Set(given).size, given.length);
      assert.ok(given.every(name => connectors.includes(name)));
      for (const [member, share] of shares)
        for (const other of members) if (other.member !== member) assert.ok(!share.some(name => other.owned.includes(name)));
    }),
  );
});

test('two sharings give everything away, evenly, and a third one changes nothing', () => {
  fc.assert(
    fc.property(groups, ({ connectors, members }) => {
      const second = assignConnectors(connectors, next(assignConnectors(connectors, members)));
      assert.deepEqual([...second.values()].flat().sort(), [...connectors].sort());
      const sizes = [...second.values()].map(share => share.length);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${sizes}`);
      assert.deepEqual(assignConnectors(connectors, next(second)), second);
    }),
  );
});

test('as few connectors move as can be', () => {
  fc.assert(
    fc.property(groups, ({ connectors, members }) => {
      const runBy = (name: string) => members.filter(({ owned }) => owned.includes(name)).length;
      const alone = ({ owned }: GroupMember) => owned.filter(name => connectors.includes(name) && runBy(name) === 1).length;
      const shares = assignConnectors(connectors, members);
      const least = Math.floor(connectors.length / members.length);
      // Whoever runs no more than everybody gets keeps all of it; the others keep at least that much.
      for (const member of members) assert.ok(keptOf(member, shares).length >= Math.min(alone(member), least));
      const kept = members.reduce((sum, member) => sum + keptOf(member, shares).length, 0);
      const bySize = members.map(alone).sort((a, b) => b - a);
      const most = bySize.reduce(
        (sum, runs, index) => sum + Math.min(runs, least + (index < connectors.length % members.length ? 1 : 0)),
        0,
      );
      assert.equal(kept, most);
    }),
  );
});

test('the order in which members and connectors are named means nothing', () => {
  fc.assert(
    fc.property(groups, ({ connectors, members }) => {
      const reversed = members.toReversed().map(({ member, owned }) => ({ member, owned: owned.toReversed() }));
      const [one, other] = [assignConnectors(connectors, members), assignConnectors(connectors.toReversed(), reversed)];
      assert.deepEqual([...one].sort(), [...other].sort());
    }),
  );
});

test('an example: a second worker comes, then a third; the first goes', () => {
  const all = ['a', 'b', 'c', 'd', 'e'];
  const shared = (members: Record<string, string[]>) =>
    Object.fromEntries(
      assignConnectors(
        all,
        Object.entries(members).map(([member, owned]) => ({ member, owned })),
      ),
    );
  assert.deepEqual(shared({ x: [] }), { x: all });
  assert.deepEqual(shared({ x: all, y: [] }), { x: ['a', 'b', 'c'], y: [] });
  assert.deepEqual(shared({ x: ['a', 'b', 'c'], y: [] }), { x: ['a', 'b', 'c'], y: ['d', 'e'] });
  assert.deepEqual(shared({ x: ['a', 'b', 'c'], y: ['d', 'e'], z: [] }), { x: ['a', 'b'], y: ['d', 'e'], z: [] });
  assert.deepEqual(shared({ y: ['d', 'e'], z: ['c'] }), { y: ['a', 'd', 'e'], z: ['b', 'c'] });
});
