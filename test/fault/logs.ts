import { kafkaClient } from '../services/kafka.ts';
import { type Daemon, newDaemon, type WorkerSettings } from '../support/daemon.ts';
import type { Published } from '../support/published.ts';
import { sharedKafka } from '../support/servers.ts';
import { workerGroup } from '../support/worker-group.ts';
import {
  type DurableOffset,
  offsetsForConsoleConsumer,
  offsetsForSqlite3,
  publishedForConsoleConsumer,
  publishedForSqlite3,
} from './strangers.ts';

/** One of the two logs, with the readers that are not ours. */
export type LogUnderFault = {
  readonly name: 'embedded' | 'kafka';
  /** A daemon of its own on this log, not started. */
  newDaemon(): Promise<Daemon>;
  published(daemon: Daemon, topics: readonly string[]): AsyncIterable<Published>;
  /** Each source offset that is durable, or was; the last one of a partition counts. */
  offsets(daemon: Daemon, connector: string): Promise<readonly DurableOffset[]>;
  /** Gives what picks, out of the offsets read later, those that are durable now. */
  offsetsNow(daemon: Daemon, connector: string): Promise<(later: readonly DurableOffset[]) => readonly DurableOffset[]>;
};

export const embeddedLog: LogUnderFault = {
  name: 'embedded',
  newDaemon: () => newDaemon({}),
  published: ({ dataFolder }, topics) => publishedForSqlite3(dataFolder, topics),
  offsets: ({ dataFolder }, connector) => offsetsForSqlite3(dataFolder, connector),
  async offsetsNow({ dataFolder }, connector) {
    const now = await offsetsForSqlite3(dataFolder, connector);
    return () => now;
  },
};

/** A worker group of its own on the shared broker. */
export async function kafkaLog(): Promise<LogUnderFault> {
  const bootstrapServers = await sharedKafka();
  const settings: WorkerSettings = { 'bootstrap.servers': bootstrapServers, ...workerGroup('fault') };
  const offsetsTopic = settings['offset.storage.topic']!;
  return {
    name: 'kafka',
    newDaemon: () => newDaemon(settings),
    published: (_, topics) => publishedForConsoleConsumer(bootstrapServers, topics),
    offsets: (_, connector) => offsetsForConsoleConsumer(bootstrapServers, offsetsTopic, connector),
    async offsetsNow() {
      const admin = kafkaClient(bootstrapServers).admin();
      await admin.connect();
      try {
        const exists = (await admin.listTopics()).includes(offsetsTopic);
        const [partition] = exists ? await admin.fetchTopicOffsets(offsetsTopic) : [];
        const end = Number(partition?.high ?? 0);
        return later => later.filter(({ at }) => at < end);
      } finally {
        await admin.disconnect();
      }
    },
  };
}

/** Both logs, each for a test of its own. */
export const logsUnderFault: readonly { readonly name: LogUnderFault['name']; open(): Promise<LogUnderFault> }[] = [
  { name: 'embedded', open: async () => embeddedLog },
  { name: 'kafka', open: kafkaLog },
];
