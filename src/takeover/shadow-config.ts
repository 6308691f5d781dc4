import type { RawConfig } from '../contract/index.ts';

/** What the names of a shadow's topics begin with, before the connector's and the topic's own. */
const topicPrefix = 'sluice-shadow';
const router = 'sluiceShadow';
/** PostgreSQL's limit of an identifier. */
const slotNameMax = 63;
const suffix = '_shadow';

/** Options that would write to the database, or publish what is not compared. */
const leftOut = [
  'heartbeat.interval.ms',
  'heartbeat.action.query',
  'replica.identity.autoset.values',
  'slot.failover',
  'snapshot.mode',
  'snapshot.delay.ms',
  'streaming.delay.ms',
];

export function shadowName(name: string): string {
  return `${name}-shadow`;
}

/** The topic beside one of the connector's; and back. `run`: each run of a shadow has topics of its own. */
export function shadowTopic(name: string, run: string, topic: string): string {
  return `${topicPrefix}.${name}.${run}.${topic}`;
}

/** The connector's own topic of a shadow's; null for a topic that is none. */
export function shadowedTopic(name: string, run: string, topic: string): string | null {
  const prefix = shadowTopic(name, run, '');
  return topic.startsWith(prefix) ? topic.slice(prefix.length) : null;
}

/**
 * The config of a PostgreSQL connector's shadow: the same records by the same publication, from a slot of its own that goes when it stops, into topics
 * of its own. Nothing in it writes to the database. `topic.prefix` stays, since it is in the records.
 */
export function shadowConfig(config: RawConfig, run: string): RawConfig {
  const name = config['name'] ?? '';
  const slot = (config['slot.name'] ?? 'debezium').slice(0, slotNameMax - suffix.length);
  const transforms = (config['transforms'] ?? '').trim();
  return {
    ...Object.fromEntries(Object.entries(config).filter(([option]) => !leftOut.includes(option))),
    name: shadowName(name),
    'snapshot.mode': 'no_data',
    'slot.name': `${slot}${suffix}`,
    'slot.drop.on.stop': 'true',
    'publication.autocreate.mode': 'disabled',
    transforms: transforms === '' ? router : `${transforms},${router}`,
    [`transforms.${router}.type`]: 'org.apache.kafka.connect.transforms.RegexRouter',
    [`transforms.${router}.regex`]: '(.*)',
    // A dollar sign of the name would be read as a group.
    [`transforms.${router}.replacement`]: `${shadowTopic(name, run, '').replace(/[\\$]/g, '\\$&')}$1`,
  };
}
