import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import type { KafkaConnectorStore } from './connector-store.ts';
import type { KafkaLogConfig } from './log-config.ts';
import { goOnAtStart, readings } from './positions.ts';
import { readPartitions } from './read-partitions.ts';
import { KafkaWorkerGroup } from './worker-group.ts';
import { GroupRequests } from './worker-group-requests.ts';

/**
 * Workers of Kafka Connect are of the type `connect`. With one of its own, the coordinator lets only one kind into a group at a time:
 * whoever comes second is refused, and says so, instead of both running the same connectors.
 */
const protocolType = 'sluice';
/** Rises when the sharing or its messages change, so that workers that would misunderstand each other are not in one group. */
const protocolVersion = 1;
/** Between attempts to follow the config topic. */
const followDelayMs = 1_000;

/** The group of the workers that share a cluster's connectors: those with the same `group.id` and the same internal topics. */
export function workerGroupOf(config: KafkaLogConfig, cluster: Cluster, store: KafkaConnectorStore): KafkaWorkerGroup {
  const { groupId, workerId, workerUrl, connection, groupTimes, configStorage, offsetStorage, statusStorage } = config;
  const clientId = `${connection.clientId}-${hostname()}-${workerId}`;
  return new KafkaWorkerGroup({
    groupId,
    worker: { id: workerId, url: workerUrl },
    clientId,
    protocol: [`v${protocolVersion}`, configStorage.topic, offsetStorage.topic, statusStorage.topic].join(' '),
    times: groupTimes,
    connectors: {
      names: async () => (await store.list()).map(({ name }) => name),
      states: () => store.states(),
      follow: (changed, abort) => followTopic(cluster, configStorage.topic, changed, abort),
    },
    requests: () => new GroupRequests({ ...connection, clientId }, groupId, protocolType, groupTimes),
  });
}

async function followTopic(cluster: Cluster, topic: string, changed: () => void, abort: AbortSignal): Promise<void> {
  while (!abort.aborted) {
    try {
      const positions = await readings(cluster, [topic], 'end', true, abort);
      // What came before the place where the following begins, and after the last look.
      changed();
      for await (const _ of readPartitions(cluster, positions, goOnAtStart(cluster, abort), abort)) changed();
    } catch {
      // Whatever it was, the task's own appends tell of it; the group's requests do too.
      await pause(followDelayMs, undefined, { signal: abort }).catch(() => {});
    }
  }
}
