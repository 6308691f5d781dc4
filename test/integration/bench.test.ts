import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { targets } from '../../bench/report/targets.ts';
import type { Results, Run, SubjectName } from '../../bench/results.ts';
import { chart } from '../../bench/soak/chart.ts';
import type { Sample } from '../../bench/soak/samples.ts';
import { verdict } from '../../bench/soak/verdict.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';

const run = promisify(execFile);
const main = join(import.meta.dirname, '..', '..', 'bench', 'main.ts');
const bench = (...args: string[]) => run(process.execPath, ['--disable-warning=TimeoutNegativeWarning', main, ...args]);

test('the bench measures: a quick run finds every record, once, and fills its tables', { timeout: 280_000 }, async () => {
  using scratch = new ScratchFolder('bench-test');
  const file = scratch.file('results.json');
  const { stdout } = await bench('--quick', '--json', file);
  const { runs, failures, machine, settings }: Results = JSON.parse(readFileSync(file, 'utf8'));
  assert.deepEqual(failures, []);
  assert.deepEqual(
    runs.map(({ scenario, subject }) => `${scenario} ${subject}`),
    [
      ...['stream pg_recvlogical', 'stream sluice-embedded', 'stream sluice-kafka', 'transforms sluice-embedded'],
      ...['snapshot copy', 'snapshot sluice-kafka', 'large-transaction sluice-embedded'],
      ...['latency sluice-embedded', 'latency sluice-kafka', 'producer producer-perf'],
    ],
  );
  for (const { scenario, subject, figures } of runs) {
    for (const [name, value] of Object.entries(figures)) assert.ok(Number.isFinite(value), `${scenario} ${subject}: ${name} is ${value}`);
    if (figures.recordsTwice !== undefined) assert.equal(figures.recordsTwice, 0, `${scenario} ${subject}`);
    if (subject.startsWith('sluice')) assert.ok(figures.peakMemoryMb! > 10, `${scenario} ${subject} takes memory`);
  }
  const streamed = runs.find(({ subject }) => subject === 'sluice-kafka')!.figures;
  assert.equal(streamed.records, settings['changes']);
  assert.ok(machine.fsyncsPerSecond > 0);
  for (const title of ['changes/s', 'rows/s', 'p99 ms', 'stream into Kafka, exactly once, against pg_recvlogical'])
    assert.match(stdout, new RegExp(title));
});

test('the bench measures MySQL: a run begins at its backlog’s place, and finds every change once', { timeout: 280_000 }, async () => {
  using scratch = new ScratchFolder('bench-test');
  const file = scratch.file('results.json');
  const { stdout } = await bench('--quick', '--database', 'mysql', '--only', 'stream,sluice-embedded', '--json', file);
  const { database, runs, failures, settings, versions }: Results = JSON.parse(readFileSync(file, 'utf8'));
  assert.deepEqual(failures, []);
  assert.deepEqual([database, runs.length, runs[0]!.subject], ['mysql', 1, 'sluice-embedded']);
  assert.deepEqual([runs[0]!.figures.records, runs[0]!.figures.recordsTwice], [settings['changes'], 0]);
  assert.match(versions['MySQL'] ?? '', /^\d+\./);
  assert.match(stdout, /changes\/s/);
});

test('the bench measures latency to each sink: a quick run sees every change in all of them', { timeout: 280_000 }, async () => {
  const { stdout } = await bench('sinks', 'latency', '--quick');
  const lines = stdout.split('\n').filter(line => /^(jdbc|views|redis|elasticsearch) \(.*\) +-?\d/.test(line));
  assert.equal(lines.length, 5, stdout);
  await assert.rejects(bench('sinks', 'jdbc', '--quick'), { code: 2, stderr: /of 'sinks latency' alone/ });
});

test('the bench measures the event store: a quick run appends, and rebuilds', { timeout: 240_000 }, async () => {
  const { stdout } = await bench('services', 'events', '--quick');
  assert.match(stdout, /64 callers, .* appends\/s\n2,000 appends\/s, .* p99 [\d.]+ ms, .*\nrebuild of 5,000 events: [\d,]+ events\/s/);
  await assert.rejects(bench('services', 'evnts'), { code: 2, stderr: /no bench of a service 'evnts'; there are events/ });
});

test('the bench says what it does not understand, and how it is used', async () => {
  const { stdout } = await bench('--help');
  assert.match(stdout, /--quick/);
  await assert.rejects(bench('--database', 'mysqll'), { code: 2, stderr: /none of postgres, mysql, mongodb; did you mean 'mysql'\?/ });
  await assert.rejects(bench('--only', 'streem'), (error: { code?: number; stderr?: string }) => {
    assert.equal(error.code, 2);
    assert.match(error.stderr ?? '', /no scenario or subject 'streem'; did you mean 'stream'\?/);
    return true;
  });
});

const steady = (seconds: number): Sample => ({
  ...{ seconds, rssMb: 120 + (seconds % 3), heapMb: 40, buffersMb: 10, descriptors: 30 },
  ...{ lagMs: 20, slotLagMb: 1, recordsPerSecond: 1000 },
});
const soaked = (of: (seconds: number) => Partial<Sample>) =>
  Array.from({ length: 60 }, (_, index) => ({ ...steady(index * 5), ...of(index * 5) }));

test('a soak finds memory that grows, lag without bound and descriptors that leak, each by itself', () => {
  const bad = (of: (seconds: number) => Partial<Sample>) => verdict(soaked(of)).flatMap(({ what, good }) => (good ? [] : [what]));
  assert.deepEqual(
    bad(() => ({})),
    [],
  );
  assert.deepEqual(
    bad(seconds => ({ rssMb: 120 + seconds / 10 })),
    ['memory is flat'],
  );
  assert.deepEqual(
    bad(seconds => ({ lagMs: seconds * 100 })),
    ['lag is bounded'],
  );
  assert.deepEqual(
    bad(seconds => ({ slotLagMb: seconds * 10 })),
    ['lag is bounded'],
  );
  assert.deepEqual(
    bad(seconds => ({ descriptors: 30 + Math.floor(seconds / 20) })),
    ['no descriptor leaked'],
  );
  assert.match(
    chart(
      soaked(() => ({})),
      'Soak',
    ),
    /^<svg .*polyline.*<\/svg>\n$/s,
  );
});

test('targets are judged by ratios of medians', () => {
  const run = (subject: SubjectName, perSecond: number, repeat: number): Run => ({
    scenario: 'stream',
    subject,
    repeat,
    figures: { perSecond },
  });
  const runs = [
    run('debezium', 10, 1),
    run('debezium', 90, 2),
    run('debezium', 11, 3),
    run('sluice-kafka', 66, 1),
    run('pg_recvlogical', 100, 1),
  ];
  const judged = targets({ runs, database: 'postgres' });
  const [againstDebezium, againstServer, embedded] = [
    'stream into Kafka, exactly once, against Debezium exactly once',
    'stream into Kafka, exactly once, against pg_recvlogical',
    'stream into the embedded log against pg_recvlogical',
  ].map(wanted => judged.find(({ what }) => what === wanted));
  assert.deepEqual([againstDebezium!.measured, againstDebezium!.met, againstDebezium!.stretched], ['6 x', true, false]);
  assert.deepEqual([againstServer!.measured, againstServer!.met], ['0.66 x', false]);
  assert.equal(embedded!.met, null);
});
