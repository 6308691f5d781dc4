import type { WorkerConfig } from '../config/worker-file.ts';
import type { EventLog, GroupWorker, Logger, RawConfig } from '../contract/index.ts';
import type { ConsumerOverrideCheck, OverrideCheck } from '../engine/connector/connector-overrides.ts';

/** Opens the log a worker's config names: Kafka with `bootstrap.servers`, else the embedded one. Each is loaded only where it is used. */
export async function openLog(config: WorkerConfig, logger: Logger, worker: GroupWorker, abort: AbortSignal): Promise<EventLog> {
  if (config.bootstrapServers !== null) {
    const [{ openKafkaLog }, { kafkaLogConfig }] = await Promise.all([
      import('../log/kafka/kafka-log.ts'),
      import('../log/kafka/log-config.ts'),
    ]);
    return openKafkaLog({ ...kafkaLogConfig(config.raw), workerId: worker.id, workerUrl: worker.url }, abort);
  }
  const { openEmbeddedLog } = await import('../log/embedded/embedded-log.ts');
  const { retentionMs, retentionBytes, partitions } = config.embedded;
  return openEmbeddedLog({ dataDir: config.dataDir, retentionMs, retentionBytes, partitions, rest: worker.id, logger });
}

/** The log for reading only, beside a daemon that may run. */
export async function openLogForReading(
  source: WorkerConfig | { readonly dataDir: string },
  logger: Logger,
  abort: AbortSignal,
): Promise<EventLog> {
  if ('bootstrapServers' in source && source.bootstrapServers !== null)
    return openLog(source, logger, { id: 'sluice-log', url: '' }, abort);
  const { openEmbeddedLog } = await import('../log/embedded/embedded-log.ts');
  return openEmbeddedLog({ dataDir: source.dataDir, readOnly: true, logger });
}

/** The Kafka log's check of `producer.override.*`; null where the log is the embedded one. */
export async function overrideCheck(config: WorkerConfig): Promise<OverrideCheck | null> {
  if (config.bootstrapServers === null) return null;
  const { checkProducerOverrides, kafkaLogConfig } = await import('../log/kafka/log-config.ts');
  const log = kafkaLogConfig(config.raw);
  return (overrides: RawConfig, transactional: boolean) => checkProducerOverrides(log, overrides, transactional);
}

/** The log's check of a sink's `consumer.override.*`. */
export async function consumerOverrideCheck(config: WorkerConfig): Promise<ConsumerOverrideCheck> {
  if (config.bootstrapServers !== null) {
    const [{ checkConsumerOverrides }, { kafkaLogConfig }] = await Promise.all([
      import('../log/kafka/consumer-options.ts'),
      import('../log/kafka/log-config.ts'),
    ]);
    const log = kafkaLogConfig(config.raw);
    return overrides => checkConsumerOverrides(log, overrides);
  }
  const { asOverride, consumerSpec, heededWithoutBrokers } = await import('../log/consumer-config.ts');
  return overrides => {
    // Options of a connection mean nothing here either.
    const { faults } = consumerSpec.parse(overrides, () => true);
    const idle = Object.keys(overrides).filter(name => !heededWithoutBrokers.has(name));
    const warnings = idle.map(option => ({ option, message: 'It has no effect: the embedded log has no brokers.' }));
    return { faults: faults.map(asOverride), warnings: warnings.map(asOverride) };
  };
}
