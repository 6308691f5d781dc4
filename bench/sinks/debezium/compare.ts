import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startKafka } from '../../../test/services/kafka.ts';
import { startPostgres } from '../../../test/services/postgres.ts';
import { BuiltPackage } from '../../subjects/build.ts';
import { brokerHeap, kafkaJavaOptions } from '../../subjects/java-options.ts';
import { postgresSettings } from '../../workload/postgres.ts';
import { median } from '../alternately.ts';
import { batchSize } from '../jdbc/rows.ts';
import { runSubject, type SinkFigures } from './run.ts';
import { jdbcVersion, subjects } from './subjects.ts';
import { fillTopic } from './topic.ts';

const rows = Math.ceil(Number(process.env['BENCH_ROWS'] ?? 120_000) / batchSize) * batchSize;
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);

using built = await BuiltPackage.make(null);
await using kafka = await startKafka({}, [...brokerHeap, ...kafkaJavaOptions]);
await using postgres = await startPostgres({ version: 18, settings: postgresSettings });
const client = new pg.Client({ connectionString: postgres.url });
await client.connect();
await using ending = new AsyncDisposableStack();
ending.defer(() => client.end());
await fillTopic(kafka.bootstrapServers, rows);
const pid = Number(readFileSync(join(postgres.dataFolder, 'postmaster.pid'), 'latin1').split('\n')[0]);
const { url, host, port, user, password } = postgres;
const server = { url, host, port, user, password, pid };
const all = subjects(built.command);
const found = new Map(all.map(({ name }): [string, SinkFigures[]] => [name, []]));
let run = 0;
for (let round = 1; round <= rounds; round++)
  for (const subject of round % 2 === 1 ? all : [...all].reverse()) {
    const figures = await runSubject(subject, kafka.bootstrapServers, server, client, rows, ++run);
    found.get(subject.name)!.push(figures);
    process.stderr.write(`${round}. ${subject.name}: ${Math.round(figures.perSecond)} rows/s\n`);
  }
process.stdout.write(`${rows} rows of one topic into PostgreSQL, one task, batches of ${batchSize}; Debezium's JDBC sink ${jdbcVersion}\n`);
const of = (name: string, figure: keyof SinkFigures) => median(found.get(name)!.map(figures => figures[figure]));
const pace = of(all[0]!.name, 'perSecond');
for (const { name } of all)
  process.stdout.write(
    `${name.padEnd(18)}${String(Math.round(of(name, 'perSecond'))).padStart(8)} rows/s (second half ${Math.round(of(name, 'secondHalfPerSecond'))}), ` +
      `us of CPU a row: worker ${of(name, 'workerMicros').toFixed(1)}, database ${of(name, 'serverMicros').toFixed(1)}, ` +
      `peak ${Math.round(of(name, 'peakMb'))} MB: ${(pace / of(name, 'perSecond')).toFixed(1)} x\n`,
  );
