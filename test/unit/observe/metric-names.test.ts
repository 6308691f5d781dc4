import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { debeziumFamilies } from '../../../src/observe/metrics/debezium-families.ts';
import { families } from '../../../src/observe/metrics/families.ts';
import { workerFamilies } from '../../../src/observe/metrics/worker-metrics.ts';

const all = [...workerFamilies, ...families, ...debeziumFamilies];

test('metrics have the names, types and labels that dashboards and alerts were written for', () => {
  const pinned = readFileSync(new URL('metric-names.txt', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const made = all.map(({ name, type, labels }) => `${type} ${name}{${labels.join(', ')}}`);
  assert.deepEqual(made, pinned, 'What others look for is gone or new: if that is meant, change metric-names.txt with it.');
});

test('each name is of one metric', () => {
  const names = all.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});

test('our names follow Prometheus’ conventions: base units, _total for counters and for nothing else', () => {
  for (const { name, type } of all.filter(({ name }) => name.startsWith('sluice_'))) {
    assert.match(name, /^[a-z]+(_[a-z]+)+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.doesNotMatch(name, /_(ms|millis|milliseconds|minutes|kb|mb|megabytes|percent)(_|$)/, name);
    if (type === 'histogram') assert.match(name, /_(seconds|bytes|records)$/, name);
  }
});
