import { createHash } from 'node:crypto';
import pg from 'pg';
import type { RawConfig } from '../../../contract/index.ts';
import type { ServiceConnector } from '../../hosting/service.ts';

/** How the events of a store in PostgreSQL are published. */
export type PublicationConnectorOptions = {
  /** Of the connector; its topics' names do not hold it. */
  readonly name: string;
  /** How the connector reaches the database: its options `database.*`, with `database.dbname`; placeholders may stay. */
  readonly database: RawConfig;
  /** Default `public`. */
  readonly schema?: string;
  /** Default `event_store`. */
  readonly table?: string;
  /** Of all events; default `domain-events`. */
  readonly topic?: string;
  /** store: all go to `topic` (default). type: each to the topic of its type. A record goes to one topic: for both take two connectors of two names. */
  readonly routeBy?: 'store' | 'type';
  /** Default: made of the connector's name and the database's, since slots are the whole server's. */
  readonly slot?: string;
  /** Default: as the slot. */
  readonly publication?: string;
};

/** Longest name of a slot. */
const slotLengthMax = 63;

function slotName(name: string, database: string): string {
  const full = `sluice_${name}_${database}`;
  const plain = full.toLowerCase().replace(/[^a-z0-9_]+/g, '_');
  if (plain === full && plain.length <= slotLengthMax) return plain;
  const hash = createHash('sha256').update(full).digest('hex').slice(0, 8);
  return `${plain.slice(0, slotLengthMax - hash.length - 1)}_${hash}`;
}

/** A name as an include list takes it: a regular expression. */
const literally = (name: string) => name.replaceAll(/[^A-Za-z0-9_]/g, character => `\\${character}`);

/**
 * The Postgres connector that publishes a store: every event once, in the order of the commits. The first start reads what the table holds, then the
 * stream goes on from there; a lost slot is an error and no second snapshot, which would publish everything twice.
 */
export function publicationConnector(options: PublicationConnectorOptions): ServiceConnector {
  const { name, database, schema = 'public', table = 'event_store', topic = 'domain-events', routeBy = 'store' } = options;
  const slot = options.slot ?? slotName(name, database['database.dbname'] ?? '');
  const quoted = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;
  return {
    name,
    config: {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'tasks.max': '1',
      ...database,
      'topic.prefix': name,
      'plugin.name': 'pgoutput',
      'slot.name': slot,
      'publication.name': options.publication ?? slot,
      'publication.autocreate.mode': 'filtered',
      'schema.include.list': literally(schema),
      'table.include.list': `${literally(schema)}\\.${literally(table)}`,
      'snapshot.mode': 'initial',
      // A small table is read as its rows lie, which is not the order of the streams once events were erased. A large one goes by its key anyway.
      'snapshot.select.statement.overrides': `${schema}.${table}`,
      [`snapshot.select.statement.overrides.${schema}.${table}`]: `SELECT * FROM ${quoted} ORDER BY "position"`,
      // Events are only inserted; what retention erases is published already.
      'skipped.operations': 'u,d,t',
      'tombstones.on.delete': 'false',
      'extended.headers.enabled': 'false',
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'false',
      transforms: 'events',
      'transforms.events.type': 'EventStoreRouter',
      'transforms.events.topic': topic,
      'transforms.events.route.by': routeBy,
    },
  };
}
