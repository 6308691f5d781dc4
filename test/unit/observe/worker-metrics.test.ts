import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from '../../../src/observe/metrics/histogram.ts';
import type { ObservedConnector, ObservedTask } from '../../../src/observe/metrics/observed.ts';
import { WorkerMetrics } from '../../../src/observe/metrics/worker-metrics.ts';

const noValues = new Histogram([1]);
const latency = new Histogram([1, 10]);
for (const seconds of [0.5, 2, 20]) latency.observe(seconds);
const batches = new Histogram([10]);
batches.observe(4);

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
  dead_letters: 8,
  last_durable: '2026-01-01T00:00:01.000Z',
  retries: 9,
  events: [{ table: 'public.a', creates: 1, updates: 2, deletes: 0, reads: 3, truncates: 4 }],
  filtered_events: 5,
  queue: { records: 6, recordsMax: 8192, bytes: 7, bytesMax: null },
  latency,
  batches,
};
const connector: ObservedConnector = {
  name: 'orders',
  class: 'io.debezium.connector.postgresql.PostgresConnector',
  type: 'source',
  state: 'RUNNING',
  warnings: ['one'],
  tasks: [task],
  lag: { ms: 2500, bytes: 4096, records_by_topic: null },
  database: {
    measured: '2026-01-01T00:00:00.500Z',
    log_bytes: 1e6,
    log_limit_bytes: 4e6,
    headroom_bytes: 3e6,
    headroom_seconds: null,
    window_seconds: null,
    limit_in_seconds: Number.POSITIVE_INFINITY,
    slot_wal_status: 'reserved',
  },
  measure_failures: 2,
  verifications: [
    {
      against: 'search',
      state: 'COMPLETED',
      ended_at: '2026-01-01T00:00:02.000Z',
      rows: 500,
      differing: { missing: 1, extra: 2, stale: 0, changed: 4 },
      unrepaired: 3,
    },
  ],
  server: 'shop',
};
const sink: ObservedConnector = {
  ...connector,
  name: 'index',
  class: 'io.confluent.connect.elasticsearch.ElasticsearchSinkConnector',
  type: 'sink',
  tasks: [{ ...task, events: [], queue: null, snapshot: null, latency: noValues }],
  lag: { ms: 0, bytes: null, records_by_topic: { 'srv.public.a': 12 } },
  database: null,
  verifications: [],
  server: null,
};
const nowMs = Date.parse('2026-01-01T00:00:02.500Z');

async function own(metrics: WorkerMetrics, connectors: readonly ObservedConnector[], at = nowMs): Promise<readonly string[]> {
  const text = await metrics.text({ version: '1.2.3', ready: true }, connectors, at);
  return text.split('\n').filter(line => line.startsWith('sluice_') && !line.startsWith('sluice_build_info'));
}

test('every figure of a source has its name, its labels and its base unit', async () => {
  assert.deepEqual(await own(new WorkerMetrics(), [connector]), [
    'sluice_worker_ready 1',
    'sluice_connector_state{connector="orders",state="RUNNING"} 1',
    'sluice_connector_warnings{connector="orders"} 1',
    'sluice_connector_lag_seconds{connector="orders"} 2.5',
    'sluice_connector_lag_bytes{connector="orders"} 4096',
    'sluice_connector_measure_failures_total{connector="orders"} 2',
    'sluice_task_state{connector="orders",task="0",state="RETRYING"} 1',
    'sluice_task_records_total{connector="orders",task="0",topic="srv.public.a"} 4',
    'sluice_task_records_total{connector="orders",task="0",topic="srv.public.\\"b\\nc\\""} 5',
    'sluice_task_bytes_total{connector="orders",task="0"} 2048',
    'sluice_task_batch_records_bucket{connector="orders",task="0",le="10"} 1',
    'sluice_task_batch_records_bucket{connector="orders",task="0",le="+Inf"} 1',
    'sluice_task_batch_records_sum{connector="orders",task="0"} 4',
    'sluice_task_batch_records_count{connector="orders",task="0"} 1',
    'sluice_task_filtered_records_total{connector="orders",task="0"} 6',
    'sluice_task_skipped_records_total{connector="orders",task="0"} 7',
    'sluice_task_read_lag_seconds{connector="orders",task="0"} 0.012',
    'sluice_task_commit_lag_seconds{connector="orders",task="0"} 1.5',
    'sluice_task_last_durable_timestamp_seconds{connector="orders",task="0"} 1767225601',
    'sluice_task_retries_total{connector="orders",task="0"} 9',
    'sluice_task_retry_attempts{connector="orders",task="0"} 3',
    'sluice_task_retrying_seconds{connector="orders",task="0"} 2.5',
    'sluice_source_events_total{connector="orders",task="0",table="public.a",operation="c"} 1',
    'sluice_source_events_total{connector="orders",task="0",table="public.a",operation="u"} 2',
    'sluice_source_events_total{connector="orders",task="0",table="public.a",operation="r"} 3',
    'sluice_source_events_total{connector="orders",task="0",table="public.a",operation="t"} 4',
    'sluice_source_filtered_events_total{connector="orders",task="0"} 5',
    'sluice_source_queue_records{connector="orders",task="0"} 6',
    'sluice_source_queue_capacity_records{connector="orders",task="0"} 8192',
    'sluice_source_queue_bytes{connector="orders",task="0"} 7',
    'sluice_source_commit_to_log_seconds_bucket{connector="orders",task="0",le="1"} 1',
    'sluice_source_commit_to_log_seconds_bucket{connector="orders",task="0",le="10"} 2',
    'sluice_source_commit_to_log_seconds_bucket{connector="orders",task="0",le="+Inf"} 3',
    'sluice_source_commit_to_log_seconds_sum{connector="orders",task="0"} 22.5',
    'sluice_source_commit_to_log_seconds_count{connector="orders",task="0"} 3',
    'sluice_snapshot_tables{connector="orders",task="0"} 3',
    'sluice_snapshot_tables_done{connector="orders",task="0"} 1',
    'sluice_snapshot_rows{connector="orders",task="0"} 10',
    'sluice_snapshot_rows_estimated{connector="orders",task="0"} 100',
    'sluice_database_measured_timestamp_seconds{connector="orders"} 1767225600.5',
    'sluice_database_log_bytes{connector="orders"} 1000000',
    'sluice_database_log_limit_bytes{connector="orders"} 4000000',
    'sluice_database_log_headroom_bytes{connector="orders"} 3000000',
    'sluice_database_log_limit_in_seconds{connector="orders"} +Inf',
    'sluice_postgres_slot_wal_status{connector="orders",status="reserved"} 1',
    'sluice_verification_end_timestamp_seconds{connector="orders",against="search"} 1767225602',
    'sluice_verification_success{connector="orders",against="search"} 1',
    'sluice_verification_rows{connector="orders",against="search"} 500',
    'sluice_verification_differing_rows{connector="orders",against="search",kind="missing"} 1',
    'sluice_verification_differing_rows{connector="orders",against="search",kind="extra"} 2',
    'sluice_verification_differing_rows{connector="orders",against="search",kind="stale"} 0',
    'sluice_verification_differing_rows{connector="orders",against="search",kind="changed"} 4',
    'sluice_verification_unrepaired_rows{connector="orders",against="search"} 3',
  ]);
});

test('a sink has what sinks have, and nothing of a source or a database', async () => {
  const lines = await own(new WorkerMetrics(), [sink]);
  for (const line of [
    'sluice_connector_lag_seconds{connector="index"} 0',
    'sluice_connector_lag_records{connector="index",topic="srv.public.a"} 12',
    'sluice_task_dead_letters_total{connector="index",task="0"} 8',
    'sluice_sink_commit_to_sink_seconds_count{connector="index",task="0"} 0',
  ])
    assert.ok(lines.includes(line), line);
  assert.deepEqual(
    lines.filter(line => /^sluice_(source|database|postgres|snapshot|verification)_|_lag_bytes/.test(line)),
    [],
  );
});

test('Debezium’s names are there when they are asked for, with the labels of its example dashboards', async () => {
  const text = await new WorkerMetrics({ debeziumNames: true }).text({ version: '1.2.3', ready: true }, [connector, sink], nowMs);
  const lines = text.split('\n').filter(line => line.startsWith('debezium_'));
  const labels = (context: string) => `connector="orders",plugin="postgres",name="shop",task="0",context="${context}"`;
  for (const line of [
    `debezium_metrics_MilliSecondsBehindSource{${labels('streaming')}} 2500`,
    `debezium_metrics_MilliSecondsSinceLastEvent{${labels('streaming')}} 1500`,
    `debezium_metrics_TotalNumberOfEventsSeen{${labels('streaming')}} 7`,
    `debezium_metrics_TotalNumberOfEventsSeen{${labels('snapshot')}} 3`,
    `debezium_metrics_QueueTotalCapacity{${labels('streaming')}} 8192`,
    `debezium_metrics_QueueRemainingCapacity{${labels('streaming')}} 8186`,
    `debezium_metrics_RemainingTableCount{${labels('snapshot')}} 2`,
    'debezium_metrics_RowsScanned{connector="orders",plugin="postgres",name="shop",context="snapshot",table="public.a"} 3',
  ])
    assert.ok(lines.includes(line), `${line} is not among\n${lines.join('\n')}`);
  assert.ok(!lines.some(line => line.includes('connector="index"')), 'a sink is none of Debezium’s connectors');
  const without = await new WorkerMetrics().text({ version: '1.2.3', ready: true }, [connector], nowMs);
  assert.doesNotMatch(without, /debezium_/);
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
