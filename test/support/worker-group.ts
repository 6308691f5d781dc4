import { randomBytes } from 'node:crypto';

/**
 * Worker settings that make workers one another's successors: the same group, and Connect's three topics with it. Of its own on a broker
 * that others use. They fit a daemon and a real Kafka Connect alike.
 */
export function workerGroup(name: string): Record<string, string> {
  const group = `${name}-${randomBytes(4).toString('hex')}`;
  return {
    'group.id': group,
    'config.storage.topic': `${group}-configs`,
    'offset.storage.topic': `${group}-offsets`,
    'status.storage.topic': `${group}-status`,
    'config.storage.replication.factor': '1',
    'offset.storage.replication.factor': '1',
    'status.storage.replication.factor': '1',
    'offset.storage.partitions': '1',
    'status.storage.partitions': '1',
    'exactly.once.source.support': 'enabled',
  };
}
