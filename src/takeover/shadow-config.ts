import type { RawConfig } from '../contract/index.ts';
import { databaseOf, type TakenDatabase } from './database.ts';

/** What the names of a shadow's topics begin with, before the connector's and the topic's own. */
const topicPrefix = 'sluice-shadow';
const router = 'sluiceShadow';
/** PostgreSQL's limit of an identifier. */
const slotNameMax = 63;
const suffix = '_shadow';
/** The schema history's topic among the shadow's own; no record is compared with it. */
const historyTopic = '__schema-history';

/** Options that would write to the database, or publish what is not compared. */
const leftOut = [
  'heartbeat.interval.ms',
  'heartbeat.action.query',
  'replica.identity.autoset.values',
  'slot.failover',
  // Its slot goes whenever it stops.
  'slot.guard.heal',
  'slot.guard.heal.automatic',
  'snapshot.mode',
  'snapshot.delay.ms',
  'streaming.delay.ms',
  'notification.enabled.channels',
  'database.history.kafka.topic',
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

/** The topic of a shadow's schema history: the connector's own it must not write to. */
export function shadowHistoryTopic(name: string, run: string): string {
  return shadowTopic(name, run, historyTopic);
}

/** By database: what has a shadow read beside its connector, and leave nothing behind. */
const ofDatabase: Readonly<Record<TakenDatabase, (config: RawConfig, run: string) => RawConfig>> = {
  postgres: config => ({
    'slot.name': `${(config['slot.name'] ?? 'debezium').slice(0, slotNameMax - suffix.length)}${suffix}`,
    'slot.drop.on.stop': 'true',
    'publication.autocreate.mode': 'disabled',
  }),
  mysql: (config, run) => ({
    'database.server.id': shadowServerId(config['database.server.id'] ?? ''),
    'schema.history.internal.kafka.topic': shadowHistoryTopic(config['name'] ?? '', run),
    // It begins with the tables as they are, which the connector told of long ago.
    'include.schema.changes': 'false',
    // Nobody waits for it: where it begins among transactions that commit in that moment does not matter.
    'snapshot.locking.mode': 'none',
  }),
  mongodb: () => ({}),
};

/** A server id that differs from the connector's, and from those of the shadows of others: a replica that comes under the id of one ends that one. */
function shadowServerId(id: string): string {
  const halfway = 2 ** 31;
  const own = Number(id);
  const shadow = own >= halfway ? own - halfway : own + halfway;
  return String(shadow === 0 ? 2 ** 32 - 1 : shadow);
}

/**
 * The config of a connector's shadow: the same records by a place in the database's log of its own (a slot that goes when it stops, with the same
 * publication; another replica; another change stream), into topics of its own. Nothing in it writes to the database, and it follows no signals.
 * `topic.prefix` stays, since it is in the records. Throws where the connector's class is none that can be taken over.
 */
export function shadowConfig(config: RawConfig, run: string): RawConfig {
  const name = config['name'] ?? '';
  const transforms = (config['transforms'] ?? '').trim();
  const database = databaseOf(config);
  if (database === null) throw new TypeError(`There are no shadows of ${config['connector.class']}`);
  return {
    ...Object.fromEntries(Object.entries(config).filter(([option]) => !leftOut.includes(option))),
    name: shadowName(name),
    'snapshot.mode': 'no_data',
    'signal.enabled.channels': '',
    ...ofDatabase[database](config, run),
    transforms: transforms === '' ? router : `${transforms},${router}`,
    [`transforms.${router}.type`]: 'org.apache.kafka.connect.transforms.RegexRouter',
    [`transforms.${router}.regex`]: '(.*)',
    // A dollar sign of the name would be read as a group.
    [`transforms.${router}.replacement`]: `${shadowTopic(name, run, '').replace(/[\\$]/g, '\\$&')}$1`,
  };
}

/** Where a shadow reads, in a few words. */
export function shadowPlace(shadow: RawConfig): string {
  const slot = shadow['slot.name'];
  const serverId = shadow['database.server.id'];
  if (slot !== undefined) return `on the slot ${slot}`;
  return serverId === undefined ? 'on a change stream of its own' : `as the replica ${serverId}`;
}
