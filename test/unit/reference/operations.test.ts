import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { postgresSpec } from '../../../connectors/postgres/options.ts';
import { usages } from '../../../src/cli/usage.ts';
import { kafkaOption, workerOptions } from '../../../src/config/worker-options.ts';
import { errorCatalogue } from '../../../src/contract/index.ts';
import { sinkOptions } from '../../../src/engine/sink/sink-options.ts';
import { sourceOptions } from '../../../src/engine/source/source-options.ts';
import { debeziumFamilies } from '../../../src/observe/metrics/debezium-families.ts';
import { families } from '../../../src/observe/metrics/families.ts';
import { WorkerMetrics, workerFamilies } from '../../../src/observe/metrics/worker-metrics.ts';
import { neededRoles } from '../../../src/rest/access/roles.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const page = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');
/** What stands in backticks or is indented as code. */
const code = [...page.matchAll(/`([^`]+)`/g), ...page.matchAll(/^ {4}(\S.*)$/gm)].map(([, text]) => text!);

const ours = [...workerFamilies, ...families, ...debeziumFamilies];
const metricNames = new Set(
  ours.flatMap(({ name, type }) => (type === 'histogram' ? [name, `${name}_sum`, `${name}_count`, `${name}_bucket`] : [name])),
);

/** What is missing among what the page names; that it names some shows that the test looks at the right thing. */
function assertKnown(what: string, named: Iterable<string>, isKnown: (name: string) => boolean): void {
  const all = [...new Set(named)];
  assert.ok(all.length > 0, `the page names no ${what}`);
  assert.deepEqual(
    all.filter(name => !isKnown(name)),
    [],
    `docs/operations.md names ${what} that there are not`,
  );
}

test('every metric of the page is one', async () => {
  const named = code
    .flatMap(text => text.match(/\b(?:sluice|debezium|process|nodejs)_[a-z][A-Za-z0-9_]*/g) ?? [])
    .filter(name => name !== 'sluice_gap');
  const shown = await new WorkerMetrics().text({ version: '', ready: true }, [], 0);
  assertKnown('metrics', named, name => metricNames.has(name) || shown.includes(`\n${name} `) || shown.startsWith(`${name} `));
});

test('every path of the page is answered, by that method', () => {
  const calls = Object.keys(neededRoles).map(call => new RegExp(`^${call.replaceAll(/\{\w+\}/g, '[^/]+')}$`));
  const named = code.flatMap(text => text.match(/\b(?:GET|POST|PUT|PATCH|DELETE) \/[\w/-]*/g) ?? []);
  assertKnown('paths', named, call => calls.some(expression => expression.test(call)));
  const curled = code.flatMap(text => Array.from(text.matchAll(/curl -s 127\.0\.0\.1:8083(\/[\w/-]*)/g), ([, path]) => `GET ${path}`));
  assertKnown('paths', curled, call => calls.some(expression => expression.test(call)));
});

test('every code of the page is one of the errors', () => {
  const named = code.filter(text => /^[A-Z]+(_[A-Z]+)+$/.test(text) || text === 'INTERNAL' || text === 'FENCED');
  assertKnown('errors', named, name => name in errorCatalogue);
});

test('every option of the page is one', () => {
  const known = new Set([
    ...Object.keys(workerOptions),
    ...Object.keys(sinkOptions),
    ...Object.keys(sourceOptions),
    ...Object.keys(postgresSpec.options),
  ]);
  const named = code.flatMap(text => /^([a-z]+(?:\.[a-z]+)+)(?:=\w+)?$/.exec(text)?.[1] ?? []);
  const isClients = (name: string) => kafkaOption.test(name) || /^(?:producer|consumer)\.override\./.test(name);
  const isOfTopics = (name: string) => name === 'max.message.bytes';
  // Members of REST's answers, and files.
  const isOther = (name: string) => /^(?:lag|database)\.\w+$/.test(name) || /\.(?:md|ya?ml|json)$/.test(name);
  assertKnown(
    'options',
    named.filter(name => !isOther(name)),
    name => known.has(name) || name === 'data.dir' || isClients(name) || isOfTopics(name),
  );
});

test('every command of the page is one', () => {
  const commands = new Set(usages.map(({ name }) => name));
  const named = code.flatMap(text => /^sluice ([a-z-]+)/.exec(text)?.[1] ?? []);
  assertKnown('commands', named, name => commands.has(name));
});

test('every log line that the page quotes is written somewhere', () => {
  const quoted = Array.from(page.replaceAll(/`[^`]*`|<[^>]*>/g, '').matchAll(/"([^"]+)"/g), ([, text]) => text!);
  const sources = globSync(['src/**/*.ts', 'connectors/**/*.ts'], { cwd: root }).map(file => readFileSync(join(root, file), 'utf8'));
  assertKnown('log lines', quoted, text => sources.some(source => source.includes(text)));
});

test('every alert has its place on the page', () => {
  const { groups } = parse(readFileSync(join(root, 'docker', 'prometheus', 'alerts.yml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly { readonly alert: string }[] }[];
  };
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  assert.ok(alerts.length > 10);
  for (const alert of alerts) assert.ok(page.includes(`<a id="${alert}"></a>`), `docs/operations.md has no place for ${alert}`);
});
