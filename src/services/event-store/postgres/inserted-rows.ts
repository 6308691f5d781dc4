import { createHash } from 'node:crypto';
import pg from 'pg';
import { isStreamOffset, type RawConfig, type SourceOffset } from '../../../contract/index.ts';

/** A table whose rows are published as they are inserted. */
export type InsertedRows = {
  /** Of the connector. */
  readonly name: string;
  /** How the connector reaches the database: its options `database.*`; placeholders may stay. */
  readonly database: RawConfig;
  readonly schema: string;
  readonly table: string;
  /** Of the slot, and of the publication beside it. */
  readonly slot: string;
  readonly publication: string;
};

/** Longest name of a slot. */
const slotLengthMax = 63;

/** A slot's name that two connectors, or two databases of a server, do not share: slots are the whole server's. */
export function slotName(name: string, database: string): string {
  const full = `sluice_${name}_${database}`;
  const plain = full.toLowerCase().replace(/[^a-z0-9_]+/g, '_');
  if (plain === full && plain.length <= slotLengthMax) return plain;
  const hash = createHash('sha256').update(full).digest('hex').slice(0, 8);
  return `${plain.slice(0, slotLengthMax - hash.length - 1)}_${hash}`;
}

/** A name as an include list takes it: a regular expression. */
const literally = (name: string) => name.replaceAll(/[^A-Za-z0-9_]/g, character => `\\${character}`);

/**
 * The Postgres connector of rows that are only inserted and deleted, each to be published once, in the order of the commits; all but its converters and
 * transforms. Rows have a key `position`, by which the first start reads what the table holds; then the stream goes on from there. A lost slot is an error and no
 * second snapshot, which would publish everything twice.
 */
export function insertedRowsConfig({ name, database, schema, table, slot, publication }: InsertedRows): RawConfig {
  const quoted = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1',
    ...database,
    'topic.prefix': name,
    'plugin.name': 'pgoutput',
    'slot.name': slot,
    'publication.name': publication,
    'publication.autocreate.mode': 'filtered',
    'schema.include.list': literally(schema),
    'table.include.list': `${literally(schema)}\\.${literally(table)}`,
    'snapshot.mode': 'initial',
    // A small table is read as its rows lie, which is not their order once some were erased. A large one goes by its key anyway.
    'snapshot.select.statement.overrides': `${schema}.${table}`,
    [`snapshot.select.statement.overrides.${schema}.${table}`]: `SELECT * FROM ${quoted} ORDER BY "position"`,
    // What is deleted is published already.
    'skipped.operations': 'u,d,t',
    'tombstones.on.delete': 'false',
    'extended.headers.enabled': 'false',
  };
}

/** Whether the connector's first reading of the table is over, by its offsets: from then on the server's own log has for it whatever is deleted. */
export function isTableRead(offsets: readonly SourceOffset[]): boolean {
  const stream = offsets.find(isStreamOffset)?.offset ?? null;
  return stream !== null && (stream['snapshot'] === undefined || stream['snapshot_completed'] === true);
}
