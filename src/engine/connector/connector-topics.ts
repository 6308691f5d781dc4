import { type ConfigFault, javaRegex, matchesWhole, nearest, type RawConfig, type TopicSpec } from '../../contract/index.ts';

const prefix = 'topic.creation.';
const defaultGroup = 'default';

/** Kafka's topic configs (org.apache.kafka.common.config.TopicConfig), to tell a misspelt one. */
const topicConfigs = [
  'cleanup.policy',
  'compression.gzip.level',
  'compression.lz4.level',
  'compression.type',
  'compression.zstd.level',
  'delete.retention.ms',
  'file.delete.delay.ms',
  'flush.messages',
  'flush.ms',
  'follower.replication.throttled.replicas',
  'index.interval.bytes',
  'leader.replication.throttled.replicas',
  'local.retention.bytes',
  'local.retention.ms',
  'max.compaction.lag.ms',
  'max.message.bytes',
  'message.timestamp.after.max.ms',
  'message.timestamp.before.max.ms',
  'message.timestamp.type',
  'min.cleanable.dirty.ratio',
  'min.compaction.lag.ms',
  'min.insync.replicas',
  'preallocate',
  'remote.log.copy.disable',
  'remote.log.delete.on.disable',
  'remote.storage.enable',
  'retention.bytes',
  'retention.ms',
  'segment.bytes',
  'segment.index.bytes',
  'segment.jitter.ms',
  'segment.ms',
  'unclean.leader.election.enable',
];

type Group = {
  readonly includes: readonly ((topic: string) => boolean)[];
  readonly excludes: readonly ((topic: string) => boolean)[];
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
};

/** What became of the `topic.creation.*` of a connector. */
export type TopicCreation = {
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
  /** The topic's spec by the first group that includes and does not exclude it; else the default group's. */
  topicSpec(topic: string): TopicSpec;
};

/**
 * Reads `topic.creation.*` (KIP-158). With any of them given, the default group needs `replication.factor` and `partitions`, as in
 * Connect; with none, topics have the log's defaults (-1).
 */
export function parseTopicCreation(raw: RawConfig, groupNames: readonly string[]): TopicCreation {
  const faults: ConfigFault[] = [];
  const warnings: ConfigFault[] = [];
  const names = Object.keys(raw).filter(name => name.startsWith(prefix) && name !== `${prefix}groups`);
  const used = names.length > 0 || groupNames.length > 0;
  const groups = groupNames.filter(group => group !== defaultGroup);
  for (const name of names) {
    const group = [defaultGroup, ...groups].find(candidate => name.startsWith(`${prefix}${candidate}.`));
    if (group === undefined) {
      const [given = ''] = name.slice(prefix.length).split('.');
      const near = nearest(given, [defaultGroup, ...groups]);
      warnings.push({
        option: name,
        message: `'${name}' has no effect: topic.creation.groups does not name '${given}'${near ? `; did you mean '${near}'?` : '.'}`,
      });
      continue;
    }
    const config = name.slice(prefix.length + group.length + 1);
    const known = ['include', 'exclude', 'partitions', 'replication.factor', ...topicConfigs];
    if (known.includes(config)) continue;
    const near = nearest(config, known);
    warnings.push({
      option: name,
      message: `'${name}': Kafka has no topic config '${config}'${near ? `; did you mean '${near}'?` : '.'}`,
    });
  }
  const fallback = parseGroup(defaultGroup, used ? undefined : -1, used ? undefined : -1);
  const parsed = groups.map(group => parseGroup(group, fallback.partitions, fallback.replicationFactor));
  return {
    faults,
    warnings,
    topicSpec(topic) {
      const group = parsed.find(
        ({ includes, excludes }) => includes.some(matches => matches(topic)) && !excludes.some(matches => matches(topic)),
      );
      const { partitions, replicationFactor, configs } = group ?? fallback;
      return { topic, partitions, replicationFactor, configs };
    },
  };

  function parseGroup(group: string, partitions: number | undefined, replicationFactor: number | undefined): Group {
    const start = `${prefix}${group}.`;
    const configs = Object.fromEntries(
      names
        .filter(name => name.startsWith(start) && (group !== defaultGroup || !groups.some(other => name.startsWith(`${prefix}${other}.`))))
        .map(name => [name.slice(start.length), raw[name]!] as const)
        .filter(([config]) => !['include', 'exclude', 'partitions', 'replication.factor'].includes(config)),
    );
    return {
      includes: group === defaultGroup ? [] : patterns(`${start}include`),
      excludes: group === defaultGroup ? [] : patterns(`${start}exclude`),
      partitions: count(`${start}partitions`, 'Number of partitions must be positive, or -1 to use the broker’s default', partitions),
      replicationFactor: count(
        `${start}replication.factor`,
        'Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker’s default',
        replicationFactor,
      ),
      configs,
    };
  }

  function patterns(option: string): readonly ((topic: string) => boolean)[] {
    const text = raw[option]?.trim() ?? '';
    const expressions = text === '' ? [] : text.split(',').map(part => part.trim());
    return expressions.flatMap(expression => {
      try {
        return [matchesWhole(javaRegex(expression))];
      } catch (error) {
        const message = `Invalid value ${text} for configuration ${option}: Syntax error in regular expression: ${(error as Error).message}`;
        faults.push({ option, message });
        return [];
      }
    });
  }

  function count(option: string, rule: string, fallbackCount: number | undefined): number {
    const text = raw[option]?.trim();
    if (text === undefined) {
      if (fallbackCount === undefined)
        faults.push({ option, message: `Missing required configuration "${option}" which has no default value.` });
      return fallbackCount ?? -1;
    }
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value === -1 || (value >= 1 && value <= 2 ** 31 - 1)) return value;
    const reason = Number.isNaN(value) ? `Not a number of type ${option.endsWith('partitions') ? 'INT' : 'SHORT'}` : rule;
    faults.push({ option, message: `Invalid value ${text} for configuration ${option}: ${reason}` });
    return -1;
  }
}
