import { startConnect } from '../../../test/services/connect.ts';
import { mavenArchives } from '../../../test/services/maven.ts';
import type { PostgresAddress } from '../../../test/services/postgres.ts';
import { ConnectClient } from '../../../test/support/connect-client.ts';
import { defaultHeap, kafkaJavaOptions } from '../../subjects/java-options.ts';
import { startSluice } from '../../subjects/sluice.ts';
import { batchSize } from '../jdbc/rows.ts';
import { topic } from './topic.ts';

/** The newest whose plugin is to be had. */
export const jdbcVersion = '3.6.0.Final';

/** A worker that is to keep the table. */
export type SinkWorker = AsyncDisposable & { readonly pid: number; readonly rest: ConnectClient; readonly logFile: string };

export type SinkSubject = {
  readonly name: string;
  /** Config of its connector beside what all have. */
  readonly config: Readonly<Record<string, string>>;
  readonly start: (kafka: string) => Promise<SinkWorker>;
};

async function connectWithJdbc(kafka: string): Promise<SinkWorker> {
  const plugins = await mavenArchives(`debezium-jdbc-${jdbcVersion}`, [`io.debezium:debezium-connector-jdbc:${jdbcVersion}:tar.gz:plugin`]);
  const connect = await startConnect(kafka, { 'plugin.path': plugins }, [...defaultHeap, ...kafkaJavaOptions]);
  return {
    pid: connect.pid,
    rest: new ConnectClient(connect.url),
    logFile: connect.logFile,
    [Symbol.asyncDispose]: () => connect[Symbol.asyncDispose](),
  };
}

const jdbcSink = 'io.debezium.connector.jdbc.JdbcSinkConnector';

/**
 * Without Debezium's `dialect.postgres.unnest.insert.enabled`, which fails at a column of microseconds (3.6.0). `command`: of Sluice's build.
 * BENCH_ONLY takes one of them; BENCH_PROFILE is a folder for CPU profiles of Sluice's processes.
 */
export function subjects(command: string): readonly SinkSubject[] {
  const { BENCH_ONLY: only, BENCH_PROFILE: profiles } = process.env;
  const nodeOptions = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const all: readonly SinkSubject[] = [
    {
      name: 'sluice',
      config: { 'connector.class': jdbcSink },
      start: kafka => startSluice({ command, log: { kafka, exactlyOnce: false }, nodeOptions }),
    },
    { name: 'debezium', config: { 'connector.class': jdbcSink }, start: connectWithJdbc },
  ];
  return all.filter(({ name }) => only === undefined || name === only);
}

/** The connector's config: the same text for all but what a subject adds. One task, batches of 2,000. */
export function sinkConfig(
  { config }: SinkSubject,
  { host, port, user, password }: PostgresAddress,
  table: string,
): Record<string, string> {
  const json = 'org.apache.kafka.connect.json.JsonConverter';
  return {
    topics: topic,
    'tasks.max': '1',
    'connection.url': `jdbc:postgresql://${host}:${port}/postgres?sslmode=disable`,
    'connection.username': user,
    'connection.password': password,
    'insert.mode': 'upsert',
    'delete.enabled': 'true',
    'primary.key.mode': 'record_key',
    'collection.name.format': table,
    'batch.size': String(batchSize),
    'consumer.override.max.poll.records': String(batchSize),
    'key.converter': json,
    'value.converter': json,
    ...config,
  };
}
