import { SluiceError } from '../../contract/index.ts';

/** What of a topic's configs the embedded log heeds. -1: no limit. */
export type TopicRetention = {
  readonly delete: boolean;
  readonly compact: boolean;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  /** How long compaction leaves tombstones for readers to see. */
  readonly deleteRetentionMs: number;
};

export type RetentionDefaults = { readonly retentionMs: number; readonly retentionBytes: number };

const dayMs = 86_400_000;
const heeded: ReadonlySet<string> = new Set(['cleanup.policy', 'retention.ms', 'retention.bytes', 'delete.retention.ms']);

/** Topic configs that concern a broker's storage or replication and mean nothing here. */
export function unheededConfigs(configs: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(configs).filter(name => !heeded.has(name));
}

function limit(topic: string, name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < -1)
    throw new SluiceError('LOG_REFUSED', `Topic '${topic}' has an invalid ${name}.`, { remedy: 'Correct topic.creation.*.' });
  return value;
}

/** Reads a topic's configs. Throws SluiceError LOG_REFUSED for values that Kafka would refuse too. */
export function topicRetention(topic: string, configs: Readonly<Record<string, string>>, defaults: RetentionDefaults): TopicRetention {
  const policies = (configs['cleanup.policy'] ?? 'delete').split(',').map(policy => policy.trim());
  if (policies.some(policy => policy !== 'delete' && policy !== 'compact'))
    throw new SluiceError('LOG_REFUSED', `Topic '${topic}' has an invalid cleanup.policy.`, { remedy: 'Use delete, compact or both.' });
  return {
    delete: policies.includes('delete'),
    compact: policies.includes('compact'),
    retentionMs: limit(topic, 'retention.ms', configs['retention.ms'], defaults.retentionMs),
    retentionBytes: limit(topic, 'retention.bytes', configs['retention.bytes'], defaults.retentionBytes),
    deleteRetentionMs: limit(topic, 'delete.retention.ms', configs['delete.retention.ms'], dayMs),
  };
}
