import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObservedConnector, ObservedTask } from '../../../src/observe/metrics/observed.ts';
import { WorkerMetrics } from '../../../src/observe/metrics/worker-metrics.ts';

const task: ObservedTask = {
  id: 0,
  state: 'RETRYING',
  retrying: { since: '2026-01-01T00:00:00.000Z', attempts: 3 },
  phase: 'snapshot',
  read_lag_ms: 12,
  commit_lag_ms: 1500,
  snapshot: { tables: 3, tablesDone: 1, rows: 10, rowsEstimated: 100 },
  bytes: 2048,
  records_by_topic: { 'srv.public.a': 4, 'srv.public."b\nc"': 5 },
  filtered: 6,
  skipped: 7,
  last_durable: '2026-01-01T00:00:01.000Z',
};
const connector: ObservedConnector = { name: 'orders', state: 'RUNNING', warnings: ['one'], tasks: [task] };
const nowMs = Date.parse('2026-01-01T00:00:02.500Z');

async function own(metrics: WorkerMetrics, connectors: readonly ObservedConnector[], at = nowMs): Promise<readonly string[]> {
  const text = await metrics.text({ version: '1.2.3', ready: true }, connectors, at);
  return text.split('\n').filter(line => line.startsWith('sluice_') && !line.startsWith('sluice_build_info'));
}

test('every figure of a connector has its name, its labels and its base unit', async () => {
  assert.deepEqual(await own(new WorkerMetrics(), [connector]), [
    'sluice_worker_ready 1',
    'sluice_connector_state{connector="orders",state="RUNNING"} 1',
    'sluice_connector_warnings{connector="orders"} 1',
    'sluice_task_state{connector="orders",task="0",state="RETRYING"} 1',
    'sluice_task_records_total{connector="orders",task="0",topic="srv.public.a"} 4',
    'sluice_task_records_total{connector="orders",task="0",topic="srv.public.\\"b\\nc\\""} 5',
    'sluice_task_bytes_total{connector="orders",task="0"} 2048',
    'sluice_task_filtered_records_total{connector="orders",task="0"} 6',
    'sluice_task_skipped_records_total{connector="orders",task="0"} 7',
    'sluice_task_read_lag_seconds{connector="orders",task="0"} 0.012',
    'sluice_task_commit_lag_seconds{connector="orders",task="0"} 1.5',
    'sluice_task_last_durable_timestamp_seconds{connector="orders",task="0"} 1767225601',
    'sluice_task_retry_attempts{connector="orders",task="0"} 3',
    'sluice_task_retrying_seconds{connector="orders",task="0"} 2.5',
    'sluice_snapshot_tables{connector="orders",task="0"} 3',
    'sluice_snapshot_tables_done{connector="orders",task="0"} 1',
    'sluice_snapshot_rows{connector="orders",task="0"} 10',
    'sluice_snapshot_rows_estimated{connector="orders",task="0"} 100',
  ]);
});

test('a second scrape shows the figures as they are then, and nothing of a connector that is gone', async () => {
  const metrics = new WorkerMetrics();
  await own(metrics, [connector]);
  const lines = await own(metrics, [{ ...connector, state: 'PAUSED', tasks: [{ ...task, bytes: 4096, retrying: null, snapshot: null }] }]);
  assert.ok(lines.includes('sluice_connector_state{connector="orders",state="PAUSED"} 1'), lines.join('\n'));
  assert.ok(!lines.some(line => line.includes('state="RUNNING"')));
  assert.ok(lines.includes('sluice_task_bytes_total{connector="orders",task="0"} 4096'));
  assert.ok(lines.includes('sluice_task_retrying_seconds{connector="orders",task="0"} 0'));
  assert.ok(!lines.some(line => line.startsWith('sluice_snapshot_')));
  assert.deepEqual(await own(metrics, []), ['sluice_worker_ready 1']);
});

test('the process tells of its memory and its event loop', async () => {
  const text = await new WorkerMetrics().text({ version: '1.2.3', ready: false }, [], nowMs);
  assert.match(text, new RegExp(`^sluice_build_info\\{version="1\\.2\\.3",node="${process.version}"\\} 1$`, 'm'));
  assert.match(text, /^sluice_worker_ready 0$/m);
  for (const name of ['process_resident_memory_bytes', 'process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds'])
    assert.match(text, new RegExp(`^${name} [0-9.e-]+`, 'm'));
});
