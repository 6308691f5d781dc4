import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { kafkaClient } from '../../services/kafka.ts';
import { type Daemon, newDaemon } from '../../support/daemon.ts';
import { sharedKafka } from '../../support/servers.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { workerGroup } from '../../support/worker-group.ts';
import { type PlainRecord, serializedBatch } from '../serialized-batch.ts';

/** A log with a topic of items, and a daemon on it that is not started. */
export type ReplayLog = {
  readonly name: 'embedded' | 'kafka';
  newDaemon(): Promise<Daemon>;
  seed(daemon: Daemon, topic: string, partitions: number, records: readonly PlainRecord[]): Promise<void>;
  /** The name of a topic or connector as it is in this log, which others may use too. */
  named(name: string): string;
};

export const embeddedLog: ReplayLog = {
  name: 'embedded',
  newDaemon: () => newDaemon({}),
  async seed(daemon, topic, partitions, records) {
    const abort = new AbortController().signal;
    await using log = await openEmbeddedLog({ dataDir: daemon.dataFolder, logger: silentLogger });
    await log.ensureTopics([{ topic, partitions, replicationFactor: -1, configs: {} }], abort);
    await using writer = await log.writer({ connector: 'seed', task: 0 }, { producerOverrides: {}, transactional: true }, abort);
    for (let at = 0; at < records.length; at += 1000)
      await writer.append({ records: serializedBatch(records.slice(at, at + 1000)), offsets: [] });
  },
  named: name => name,
};

let logs = 0;

export async function kafkaLog(): Promise<ReplayLog> {
  const bootstrapServers = await sharedKafka();
  const suffix = `${process.pid}x${++logs}`;
  return {
    name: 'kafka',
    newDaemon: () => newDaemon({ 'bootstrap.servers': bootstrapServers, ...workerGroup('replay') }),
    async seed(_, topic, partitions, records) {
      const client = kafkaClient(bootstrapServers);
      const [admin, producer] = [client.admin(), client.producer()];
      try {
        await Promise.all([admin.connect(), producer.connect()]);
        await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true });
        for (let at = 0; at < records.length; at += 1000)
          await producer.send({
            topic,
            messages: records.slice(at, at + 1000).map(({ key = null, value, partition = 0, timestampMs }) => ({
              key,
              value,
              partition,
              ...(timestampMs !== undefined && { timestamp: String(timestampMs) }),
            })),
          });
      } finally {
        await Promise.all([admin.disconnect(), producer.disconnect()]);
      }
    },
    named: name => `${name}_${suffix}`,
  };
}

/** A row of the table `items`. */
export type Item = { readonly id: number; readonly n: number; readonly name: string };

export const keys = 40;
export const partitions = 2;
/** Every so many keys one is deleted in the end. */
const deletedEvery = 5;

export const item = (id: number, n: number): Item => ({ id, n, name: `item ${id} the ${n}.` });
export const isDeleted = (id: number) => id % deletedEvery === 0;

/** What the table holds in the end. */
export const itemsLeft: readonly Item[] = Array.from({ length: keys }, (_, at) => at + 1)
  .filter(id => !isDeleted(id))
  .map(id => item(id, 3));

/**
 * The history of the table, as Debezium publishes it: all rows are made, changed twice, and some deleted, each delete with its tombstone. The log's
 * times rise by a second a record from `startMs` on, the LSNs by 16.
 */
export function itemRecords(topic: string, startMs: number): readonly PlainRecord[] {
  const records: PlainRecord[] = [];
  const add = (id: number, op: string | null, before: Item | null, after: Item | null) => {
    const at = records.length;
    const source = { connector: 'postgresql', ts_ms: startMs + at * 1000, lsn: lsnOf(at), txId: 1000 + at };
    const value = op === null ? null : JSON.stringify({ before, after, source, op, ts_ms: startMs + at * 1000 });
    records.push({ topic, partition: id % partitions, key: JSON.stringify({ id }), value, timestampMs: startMs + at * 1000 });
  };
  for (const n of [1, 2, 3]) for (let id = 1; id <= keys; id++) add(id, n === 1 ? 'c' : 'u', n === 1 ? null : item(id, n - 1), item(id, n));
  for (let id = 1; id <= keys; id++) {
    if (!isDeleted(id)) continue;
    add(id, 'd', item(id, 3), null);
    add(id, null, null, null);
  }
  return records;
}

/** The LSN of the record at this place of the history. */
export function lsnOf(at: number): number {
  return 0x1000 + at * 16;
}

/** Where the deletes begin in the history. */
export const beforeDeletes = keys * 3;

export const jsonConverters = {
  'key.converter': 'json',
  'key.converter.schemas.enable': 'false',
  'value.converter': 'json',
  'value.converter.schemas.enable': 'false',
};
