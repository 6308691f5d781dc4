import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { kafkaLibraries } from '../../test/services/kafka.ts';
import type { PostgresServer } from '../../test/services/postgres.ts';
import { postgresBinaries, serverUser } from '../../test/services/postgres-binaries.ts';
import type { Figures } from '../results.ts';
import { kafkaJavaOptions } from '../subjects/java-options.ts';
import type { PostgresBacklog, PostgresBench } from '../workload/postgres.ts';

/** Longer than any of these programs takes. */
const programMsMax = 600_000;

type Ended = { readonly seconds: number; readonly output: string };

/** Runs a program to its end. Throws with what it said where it fails. */
async function runToEnd(command: string, args: readonly string[], env: NodeJS.ProcessEnv, discardOutput: boolean): Promise<Ended> {
  const startedMs = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', discardOutput ? 'ignore' : 'pipe', 'pipe'],
    timeout: programMsMax,
  });
  const said = Promise.all([child.stdout ? text(child.stdout) : '', text(child.stderr!)]);
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = (performance.now() - startedMs) / 1000;
  const [output, errors] = await said;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${errors}${output}`);
  return { seconds, output };
}

/** PostgreSQL's own client programs; those of version 15 talk to every newer server. */
async function clientProgram(name: string): Promise<string> {
  return join(await postgresBinaries(15, await serverUser()), name);
}

function address({ host, port, user, password }: PostgresServer, database: string): NodeJS.ProcessEnv {
  return { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database };
}

/** What the server itself can give of the backlog: PostgreSQL's own receiver, writing to /dev/null, up to the backlog's end. */
export async function receiveOnly(
  { server, database }: PostgresBench,
  slot: string,
  backlog: PostgresBacklog,
  changes: number,
): Promise<Figures> {
  const args = ['--slot', slot, '--start', '--no-loop', '--endpos', backlog.endLsn, '--file', '/dev/null', '--dbname', database.name];
  const plugin = ['-o', 'proto_version=1', '-o', `publication_names=${backlog.publication}`];
  const { seconds } = await runToEnd(await clientProgram('pg_recvlogical'), [...args, ...plugin], address(server, database.name), true);
  return { records: changes, seconds, perSecond: changes / seconds };
}

/** What the server itself can give of the table: COPY, of which psql drops the output. */
export async function copyOnly({ server, database }: PostgresBench, table: string, rows: number): Promise<Figures> {
  const args = ['--no-psqlrc', '--quiet', '--command', `copy ${table} to stdout`];
  const { seconds } = await runToEnd(await clientProgram('psql'), args, address(server, database.name), true);
  return { records: rows, seconds, perSecond: rows / seconds };
}

/** What the broker can take: Kafka's own performance tool, idempotent, acknowledged by all in-sync replicas, with batches of a megabyte. */
export async function produceOnly(kafka: string, records: number, recordBytes: number): Promise<Figures> {
  const properties = [`bootstrap.servers=${kafka}`, 'acks=all', 'enable.idempotence=true', 'batch.size=1048576', 'linger.ms=5'];
  const { output } = await runToEnd(
    'java',
    [
      ...['-Xmx512M', ...kafkaJavaOptions, '-cp', `${await kafkaLibraries()}/*`, 'org.apache.kafka.tools.ProducerPerformance'],
      ...['--topic', 'bench-producer', '--num-records', String(records), '--record-size', String(recordBytes), '--throughput', '-1'],
      ...['--producer-props', ...properties],
    ],
    {},
    false,
  );
  const perSecond = Number(
    /^\d+ records sent, ([\d.]+) records\/sec/m.exec(output.split('\n').findLast(line => line.includes('99.9th')) ?? '')?.[1],
  );
  if (!(perSecond > 0)) throw new Error(`Kafka's performance tool said nothing of its rate: ${output}`);
  return { records, perSecond };
}
