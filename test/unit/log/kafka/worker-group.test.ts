import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupAssignment } from '../../../../src/contract/index.ts';
import { KafkaWorkerGroup } from '../../../../src/log/kafka/worker-group.ts';
import { until } from '../../../support/until.ts';

test('a connector made while its names are being read is shared out all the same', async () => {
  const connectors = ['former'];
  let changed: () => void = () => {};
  const assigned: GroupAssignment[] = [];
  // A group of one, which leads: what it shares out comes back to it.
  let sharing: Buffer = Buffer.alloc(0);
  const requests = {
    members: async () => [{ member: 'somebody', clientId: 'else' }],
    join: async (_member: string, protocol: string, metadata: Buffer) => ({
      member: 'm',
      protocol,
      leader: 'm',
      generation: assigned.length + 1,
      members: [{ member: 'm', metadata }],
    }),
    sync: async (_joined: unknown, _protocol: string, assignments: readonly { assignment: Buffer }[]) => {
      sharing = assignments[0]?.assignment ?? sharing;
      return sharing;
    },
    heartbeat: async () => {},
    leave: async () => {},
    async [Symbol.asyncDispose]() {},
  };
  const settings = {
    groupId: 'g',
    worker: { id: 'w:1', url: 'http://w:1' },
    clientId: 'c',
    protocol: 'p',
    times: { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, heartbeatMs: 10 },
    connectors: {
      names: async () => {
        const found = [...connectors];
        if (!connectors.includes('new')) {
          connectors.push('new');
          changed();
        }
        return found;
      },
      states: async () => new Map(),
      follow: async (tell: () => void) => {
        changed = tell;
      },
    },
    requests: () => requests,
  };
  await using group = new KafkaWorkerGroup(settings);
  const listener = {
    assigned: async (assignment: GroupAssignment) => void assigned.push(assignment),
    lost: async () => {},
    connectorsChanged() {},
    stateChanged() {},
  };
  group.join(listener, { early: false });
  await until(() => assigned.at(-1)?.connectors.has('new'), { what: 'the new connector to be assigned' });
  assert.deepEqual([...assigned[0]!.connectors], ['former']);
});
