import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { families } from '../../src/observe/metrics/families.ts';
import { workerFamilies } from '../../src/observe/metrics/worker-metrics.ts';

const root = join(import.meta.dirname, '..', '..');
const docker = join(root, 'docker');

test('what the image is made of is there, and is all that the command needs', () => {
  const lines = readFileSync(join(docker, 'Dockerfile'), 'utf8').split('\n');
  const copied = lines.flatMap(line => {
    const [, from, what] = /^COPY (--from=build )?(.*)$/.exec(line) ?? [];
    return what === undefined ? [] : [{ built: from !== undefined, sources: what.split(' ').slice(0, -1) }];
  });
  const ignored = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'));
  for (const source of copied.filter(({ built }) => !built).flatMap(({ sources }) => sources)) {
    assert.ok(existsSync(join(root, source)), `${source} is copied into the image and does not exist`);
    assert.ok(!ignored.includes(source.split('/')[0]!), `${source} is copied into the image and left out of its context`);
  }
  // The package's own list of what is published is what runs.
  const { files, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[]; bin: { sluice: string } };
  const built = copied.filter(({ built }) => built).flatMap(({ sources }) => sources.map(source => posix.relative('/build', source)));
  assert.ok(built.includes(bin.sluice));
  for (const file of files.filter(file => file === 'dist' || file.endsWith('.js')))
    assert.ok(built.includes(file), `${file} is not copied`);
});

test('compose mounts files that are there, and starts services that it describes', () => {
  type Service = { readonly volumes?: readonly string[]; readonly depends_on?: Readonly<Record<string, { condition: string }>> };
  const compose = parse(readFileSync(join(docker, 'compose.yaml'), 'utf8')) as {
    readonly services: Readonly<Record<string, Service & { readonly healthcheck?: unknown }>>;
    readonly volumes: Readonly<Record<string, unknown>>;
  };
  for (const [name, { volumes = [], depends_on = {} }] of Object.entries(compose.services)) {
    for (const [source] of volumes.map(volume => volume.split(':') as [string])) {
      if (source.startsWith('.')) assert.ok(existsSync(join(docker, source)), `${name} mounts ${source}, which does not exist`);
      else assert.ok(source in compose.volumes, `${name} mounts the volume ${source}, which is not described`);
    }
    for (const [other, { condition }] of Object.entries(depends_on))
      if (condition === 'service_healthy') assert.ok(compose.services[other]?.healthcheck, `${name} waits for ${other} to be healthy`);
  }
});

test('alerts and dashboard show metrics that there are', () => {
  const known = new Set(
    [...families, ...workerFamilies].flatMap(({ name, type }) =>
      type === 'histogram' ? ['bucket', 'sum', 'count'].map(part => `${name}_${part}`) : [name],
    ),
  );
  for (const file of ['prometheus/alerts.yml', 'grafana/dashboards/sluice.json'])
    for (const [name] of readFileSync(join(docker, file), 'utf8').matchAll(/\bsluice_\w+/g))
      assert.ok(known.has(name), `${file} shows ${name}`);
});
