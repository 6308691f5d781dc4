import type { KafkaOptions } from '../config/worker-file.ts';

/** The Kafka log's own part of a worker file, loaded only where there is Kafka. */
export async function kafkaOptions(): Promise<KafkaOptions> {
  const { kafkaLogSpec } = await import('../log/kafka/log-config.ts');
  return { parse: raw => kafkaLogSpec.parse(raw, () => true) };
}
