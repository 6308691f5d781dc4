import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Results } from '../../bench/results.ts';
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

test('the bench says what it does not understand, and how it is used', async () => {
  const { stdout } = await bench('--help');
  assert.match(stdout, /--quick/);
  await assert.rejects(bench('--only', 'streem'), (error: { code?: number; stderr?: string }) => {
    assert.equal(error.code, 2);
    assert.match(error.stderr ?? '', /no scenario or subject 'streem'; did you mean 'stream'\?/);
    return true;
  });
});
