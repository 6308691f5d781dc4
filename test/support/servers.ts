import type { ConnectServer } from '../services/connect.ts';
import { startConnect } from '../services/connect.ts';
import { type ElasticsearchAddress, startElasticsearch } from '../services/elasticsearch.ts';
import { startKafka } from '../services/kafka.ts';
import { type MongodbAddress, startMongodb } from '../services/mongodb.ts';
import { type MysqlAddress, type MysqlFlavor, mysqlAddress, startMariadb, startMysql } from '../services/mysql.ts';
import { type PostgresAddress, postgresAddress, startPostgres } from '../services/postgres.ts';
import type { PostgresVersion } from '../services/postgres-binaries.ts';
import { type RedisAddress, startRedis } from '../services/redis.ts';

/** The environment variables by which a server that is already there is given, and by which the global setup gives its own. */
export const serverVariables = {
  postgres18: 'TEST_PG_URL',
  postgres15: 'TEST_PG15_URL',
  mysql: 'TEST_MYSQL_URL',
  mariadb: 'TEST_MARIADB_URL',
  mongodb: 'TEST_MONGO_URL',
  kafka: 'TEST_KAFKA',
  connect: 'TEST_CONNECT_URL',
  redis: 'TEST_REDIS_URL',
  elasticsearch: 'TEST_ELASTICSEARCH_URL',
} as const;

type Shared = {
  readonly postgres: Map<PostgresVersion, Promise<PostgresAddress>>;
  readonly mysql: Map<MysqlFlavor, Promise<MysqlAddress>>;
  mongodb: Promise<MongodbAddress> | undefined;
  kafka: Promise<string> | undefined;
  connect: Promise<string> | undefined;
  redis: Promise<RedisAddress> | undefined;
  elasticsearch: Promise<ElasticsearchAddress> | undefined;
};
const shared: Shared = {
  postgres: new Map(),
  mysql: new Map(),
  mongodb: undefined,
  kafka: undefined,
  connect: undefined,
  redis: undefined,
  elasticsearch: undefined,
};

/**
 * The PostgreSQL that all tests share: take a database of your own in it (`freshDatabase`), and leave its settings alone. Where the
 * environment names none (a single test file, run without the global setup), one is started for this process and ends with it.
 */
export function sharedPostgres(version: PostgresVersion): Promise<PostgresAddress> {
  const given = process.env[version === 18 ? serverVariables.postgres18 : serverVariables.postgres15];
  const server = shared.postgres.get(version) ?? (given ? Promise.resolve(postgresAddress(given)) : startPostgres({ version }));
  shared.postgres.set(version, server);
  return server;
}

/** The MySQL or MariaDB that all tests share: take a database of your own in it (`freshMysqlDatabase`), and leave its settings alone. */
function sharedMysqlOrMariadb(flavor: MysqlFlavor): Promise<MysqlAddress> {
  const given = process.env[serverVariables[flavor]];
  const start = flavor === 'mysql' ? startMysql : startMariadb;
  const server = shared.mysql.get(flavor) ?? (given ? Promise.resolve(mysqlAddress(given)) : start());
  shared.mysql.set(flavor, server);
  return server;
}

/** The MySQL 9 that all tests share: FULL row image and metadata, GTIDs. */
export function sharedMysql(): Promise<MysqlAddress> {
  return sharedMysqlOrMariadb('mysql');
}

/** The MariaDB 10.11 that all tests share: FULL row image and metadata. */
export function sharedMariadb(): Promise<MysqlAddress> {
  return sharedMysqlOrMariadb('mariadb');
}

/**
 * The MongoDB that all tests share: take a database of your own in it. Without TEST_MONGO_URL, which names a real one, it is SecantusDB, a
 * stand-in of the same protocol.
 */
export function sharedMongodb(): Promise<MongodbAddress> {
  const given = process.env[serverVariables.mongodb];
  shared.mongodb ??= given ? Promise.resolve({ url: given }) : startMongodb();
  return shared.mongodb;
}

/** The bootstrap servers of the Kafka that all tests share: use topics, groups and transactional ids of your own. */
export function sharedKafka(): Promise<string> {
  const given = process.env[serverVariables.kafka];
  shared.kafka ??= given ? Promise.resolve(given) : startKafka().then(server => server.bootstrapServers);
  return shared.kafka;
}

/** The URL of the real Kafka Connect with Debezium, on the shared Kafka. Half a minute and a gigabyte: only where nothing less will do. */
export function sharedConnect(): Promise<string> {
  const given = process.env[serverVariables.connect];
  shared.connect ??= given
    ? Promise.resolve(given)
    : sharedKafka()
        .then(bootstrapServers => startConnect(bootstrapServers))
        .then((server: ConnectServer) => server.url);
  return shared.connect;
}

/** The Redis that all tests share: use keys of your own. A URL that names it has no password. */
export function sharedRedis(): Promise<RedisAddress> {
  const given = process.env[serverVariables.redis];
  shared.redis ??= given
    ? Promise.resolve(new URL(given)).then(({ hostname, port }) => ({ host: hostname, port: Number(port || 6379) }))
    : startRedis();
  return shared.redis;
}

/** The Elasticsearch that all tests share, without logins: use indices of your own. */
export function sharedElasticsearch(): Promise<ElasticsearchAddress> {
  const given = process.env[serverVariables.elasticsearch];
  shared.elasticsearch ??= given ? Promise.resolve({ url: given }) : startElasticsearch();
  return shared.elasticsearch;
}
