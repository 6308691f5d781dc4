import { options } from '../../src/contract/index.ts';

/** Options of Debezium's JDBC sink that have no meaning here, each with the reason. */
const reasons: Readonly<Record<string, string>> = {
  'connection.provider': 'there is one connection a task, and no pool behind a Java class',
  'connection.pool.min_size': 'a task has one connection',
  'connection.pool.max_size': 'a task has one connection',
  'connection.pool.acquire_increment': 'a task has one connection',
  'connection.pool.timeout': 'a task has one connection',
  'connection.restart.on.errors': 'a connection that is lost is always opened again',
  'flush.max.retries': 'a target that is away is tried again without end, with growing pauses',
  'flush.retry.delay.ms': 'a target that is away is tried again without end, with growing pauses',
  'use.time.zone': 'moments without a zone are written as they come, those with one in UTC',
  'database.time_zone': 'moments without a zone are written as they come, those with one in UTC',
  'column.naming.strategy': 'no Java class runs here; rename fields by a transform (ReplaceField)',
  'collection.naming.strategy': 'no Java class runs here; use collection.name.format',
  'table.naming.strategy': 'no Java class runs here; use collection.name.format',
  'collection.table.format': 'use collection.name.format',
  'keyed.message.batch.mode': 'batches are always reduced by key',
  'enable.sces': 'each record is written by its own topic’s rules',
  'cloud.events.schema.name.pattern': 'CloudEvents are not read',
  'dialect.postgres.postgis.schema': 'geometries are not written',
  'dialect.postgres.unnest.insert.enabled': 'bulk statements always use unnest',
  'dialect.sqlserver.identity.insert': 'SQL Server is not supported',
  'dialect.starrocks.catalog_name': 'StarRocks is not supported',
  'dialect.starrocks.catalog.name': 'StarRocks is not supported',
};

/** Each refused by name, whatever its value. */
export const refusedOptions = Object.fromEntries(
  Object.entries(reasons).map(([name, unsupported]) => [
    name,
    options.string({ default: null, doc: 'Debezium’s; not supported here.', importance: 'LOW', group: 'Connector', unsupported }),
  ]),
);
