import { randomUUID } from 'node:crypto';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { kafkaLogConfig } from '../../src/log/kafka/log-config.ts';
import { sharedKafka } from '../support/servers.ts';
import type { LogUnderTest } from './log-suite.ts';

/** A log with internal topics of its own on the shared Kafka, for the suites. */
export async function kafkaLogUnderTest(): Promise<LogUnderTest> {
  const bootstrapServers = await sharedKafka();
  const group = `suite-${randomUUID().slice(0, 8)}`;
  const config = kafkaLogConfig({
    'bootstrap.servers': bootstrapServers,
    'group.id': group,
    'config.storage.topic': `${group}-configs`,
    'offset.storage.topic': `${group}-offsets`,
    'offset.storage.partitions': '5',
    'status.storage.topic': `${group}-status`,
  });
  let log = await openKafkaLog(config);
  return {
    get log() {
      return log;
    },
    async reopen() {
      await log[Symbol.asyncDispose]();
      log = await openKafkaLog(config);
    },
    async [Symbol.asyncDispose]() {
      await log[Symbol.asyncDispose]();
    },
  };
}
