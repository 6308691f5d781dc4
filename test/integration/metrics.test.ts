import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { promtool } from '../services/promtool.ts';
import { startDaemon } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const rules = join(import.meta.dirname, '..', '..', 'docker', 'prometheus');

test('/metrics passes Prometheus’ own check, and answers before and after the worker is ready', async () => {
  await using daemon = await startDaemon({});
  const scrape = async () => {
    const response = await fetch(`${daemon.url}/metrics`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    return response.text();
  };
  const text = await until(
    async () => {
      const scraped = await scrape();
      return scraped.includes('sluice_worker_ready 1') && scraped;
    },
    { what: 'the worker to be ready' },
  );
  // What it has to say of names and types it says with an exit code; the default metrics of Node are not ours to name.
  const ours = text
    .split('\n')
    .filter(line => / ?sluice_/.test(line))
    .join('\n');
  await promtool(['check', 'metrics'], `${ours}\n`);
});

test('the alerts fire when they should, and the example’s config is one', async () => {
  await promtool(['check', 'rules', join(rules, 'alerts.yml')]);
  await promtool(['test', 'rules', join(rules, 'alerts.test.yml')]);
  await promtool(['check', 'config', '--syntax-only', join(rules, 'prometheus.yml')]);
});
