import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startPostgres } from '../services/postgres.ts';
import { startPrometheus } from '../services/prometheus.ts';
import { ConnectClient } from '../support/connect-client.ts';
import { startDaemon } from '../support/daemon.ts';
import { databaseOptions } from '../support/database-options.ts';
import { freshDatabase } from '../support/fresh-database.ts';
import { scrape, untilMetric } from '../support/scraped.ts';
import { until } from '../support/until.ts';

const docker = join(import.meta.dirname, '..', '..', 'docker');

/** Every expression of the dashboard, with Grafana's variables as Grafana would fill them in. */
function dashboardExpressions(): readonly string[] {
  const { panels } = JSON.parse(readFileSync(join(docker, 'grafana', 'dashboards', 'sluice.json'), 'utf8')) as {
    readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
  };
  return panels
    .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    .map(expr => expr.replaceAll('$connector', '.*').replaceAll('$__rate_interval', '1m').replaceAll('$__range', '1h'));
}

test('a real Prometheus scrapes a real run: it takes every metric, the dashboard’s expressions have answers, and alerts see a failed task', async () => {
  // A server of its own: what others write would use up the room that the slot has.
  await using server = await startPostgres({ version: 18 });
  await using daemon = await startDaemon({ 'metrics.database.interval.ms': '200', 'metrics.debezium.names': 'true' });
  await using database = await freshDatabase(server);
  const rest = new ConnectClient(daemon.url);
  await database.run('create table t (id int primary key); insert into t values (1)');
  const source = {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'topic.prefix': database.name,
    ...databaseOptions(database.url),
    'slot.name': `slot_${database.name}`,
    'slot.guard.limit.bytes': '1000000000',
    'publication.autocreate.mode': 'filtered',
  };
  await rest.putConfig('orders', source);
  await rest.putConfig('file', {
    'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
    topics: `${database.name}.public.t`,
    file: join(daemon.dataFolder, '..', 'rows.txt'),
    'file.format': 'json',
  });
  // It cannot read what was written as JSON.
  await rest.putConfig('broken', {
    'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
    topics: `${database.name}.public.t`,
    file: join(daemon.dataFolder, '..', 'numbers.txt'),
    'value.converter': 'org.apache.kafka.connect.converters.IntegerConverter',
  });
  const { url } = daemon;
  // What is written while the snapshot reads would be a part of it.
  await untilMetric(url, 'sluice_source_events_total', { connector: 'orders', operation: 'r' }, value => value === 1);
  await database.run('insert into t values (2)');
  await untilMetric(url, 'sluice_source_commit_to_log_seconds_count', { connector: 'orders' }, value => value >= 1);
  await untilMetric(url, 'sluice_sink_commit_to_sink_seconds_count', { connector: 'file' }, value => value >= 1);
  await untilMetric(url, 'sluice_database_log_limit_in_seconds', { connector: 'orders' }, () => true);
  const failed = { connector: 'broken', state: 'FAILED' };
  await untilMetric(url, 'sluice_task_state', failed, value => value === 1);

  const config = readFileSync(join(docker, 'prometheus', 'prometheus.yml'), 'utf8');
  await using prometheus = await startPrometheus({
    'prometheus.yml': config
      .replace('sluice:8083', new URL(url).host)
      .replace(/scrape_interval: \w+/, 'scrape_interval: 1s\n  evaluation_interval: 1s'),
    'alerts.yml': readFileSync(join(docker, 'prometheus', 'alerts.yml'), 'utf8'),
  });
  await until(async () => (await prometheus.query('up{job="sluice"} == 1')).length === 1, { what: 'a scrape', timeoutMs: 60_000 });
  // A rate needs two of them.
  await until(async () => (await prometheus.query('count_over_time(sluice_worker_ready[1m]) >= 3')).length === 1, {
    what: 'three scrapes',
    timeoutMs: 60_000,
  });
  const { text } = await scrape(url);
  const types = [...text.matchAll(/^# TYPE ((?:sluice|debezium)_\S+) (\w+)/gm)];
  const names = types.map(([, name, type]) => (type === 'histogram' ? `${name}_count` : name!));
  // Times of keeping are those of other databases than this one; nothing is used up here, and nothing known of so small a table.
  const shown = dashboardExpressions().filter(
    expression => !/_headroom_seconds|_window_seconds|_limit_in_seconds|_rows_estimated/.test(expression),
  );
  assert.ok(names.length > 30 && shown.length > 10);
  for (const expression of [...names, ...shown])
    await until(async () => (await prometheus.query(expression)).length > 0, {
      what: `an answer to ${expression}`,
      timeoutMs: 60_000,
      everyMs: 200,
    });

  type Rules = {
    readonly groups: readonly {
      readonly rules: readonly { readonly name: string; readonly health: string; readonly lastError?: string }[];
    }[];
  };
  const evaluated = async () => {
    const rules = (await prometheus.get<Rules>('rules')).groups.flatMap(group => group.rules);
    const ill = rules.filter(({ health }) => health === 'err');
    assert.deepEqual(ill, []);
    return rules.length > 0 && rules.every(({ health }) => health === 'ok');
  };
  await until(evaluated, { what: 'all rules to be evaluated', timeoutMs: 60_000 });
  type Alerts = { readonly alerts: readonly { readonly labels: Readonly<Record<string, string>>; readonly state: string }[] };
  const alerting = async () =>
    (await prometheus.get<Alerts>('alerts')).alerts.map(({ labels }) => `${labels['alertname']} ${labels['connector']}`);
  await until(async () => (await alerting()).includes('SluiceTaskFailed broken'), {
    what: 'the alert of the failed task',
    timeoutMs: 60_000,
  });
  // A scrape that came late may have raised one for a moment.
  const ofOthers = async () => (await alerting()).filter(alert => !alert.endsWith(' broken'));
  await until(async () => (await ofOthers()).length === 0, { what: 'nothing to be wrong with the others', timeoutMs: 60_000 }).catch(
    async error => assert.deepEqual(await ofOthers(), [], (error as Error).message),
  );
});
