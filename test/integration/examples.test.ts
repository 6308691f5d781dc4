import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readDefinitions } from '../../sinks/views/read-definitions.ts';
import { kafkaOptions } from '../../src/cli/kafka-options.ts';
import { readSagas } from '../../src/cli/sagas-of-worker.ts';
import { readConnectorFile } from '../../src/config/connector-files.ts';
import { parseConfigText } from '../../src/config/document.ts';
import { loadWorker, resolveWorker } from '../../src/config/worker-file.ts';
import { workerOptions } from '../../src/config/worker-options.ts';
import { kafkaLogSpec } from '../../src/log/kafka/log-config.ts';
import { startDaemon } from '../support/daemon.ts';
import { ask } from './bad-input-fixture.ts';

const config = join(import.meta.dirname, '..', '..', 'config');
const workerFile = join(config, 'worker.yaml');

describe('config/worker.yaml', () => {
  const text = readFileSync(workerFile, 'utf8');

  test('is valid as it is, without a warning', async () => {
    const { config: worker, warnings } = await loadWorker(workerFile, {}, kafkaOptions);
    assert.deepEqual(warnings, []);
    assert.equal(worker.bootstrapServers, null);
    assert.equal(worker.dataDir, join(config, '..', 'data'));
    assert.deepEqual(worker.listeners, [{ protocol: 'http', host: '127.0.0.1', port: 8083 }]);
  });

  test('names every option a worker has, and says what it is for', () => {
    const supported = Object.entries({ ...workerOptions, ...kafkaLogSpec.options }).filter(([, { unsupported }]) => unsupported === null);
    const named = (name: string) => new RegExp(`^(?:# )?${name.replaceAll('.', '\\.')}:`, 'm').test(text);
    assert.deepEqual(
      supported.map(([name]) => name).filter(name => !named(name)),
      [],
    );
  });

  test('what is commented out is the default, where it is no example', async () => {
    const defaults = { ...kafkaLogSpec.options, ...workerOptions } as Readonly<Record<string, { default: string | null | undefined }>>;
    const examples = new Set([
      'rest.advertised.host.name',
      'rest.advertised.port',
      'rest.extension.classes',
      'rest.oidc.audience',
      'bootstrap.servers',
      'response.http.headers.config',
    ]);
    const short: Readonly<Record<string, string>> = { simple: 'org.apache.kafka.connect.storage.SimpleHeaderConverter', '""': '' };
    for (const [, name = '', value = ''] of text.matchAll(/^# ([a-z][a-z.]*): (.*)$/gm)) {
      const known = defaults[name]?.default;
      if (known === undefined || known === null || examples.has(name)) continue;
      assert.equal(short[value] ?? value, known, name);
    }
  });

  test('all of it is understood, also what is commented out', async () => {
    const everything = text.replace(/^# (?=[a-z][a-z.]*: )/gm, '');
    const [document] = parseConfigText(workerFile, everything);
    // The certificates of the example are nobody's.
    const { warnings } = await resolveWorker(
      { ...document!, entries: new Map([...document!.entries].filter(([name]) => name !== 'ssl.truststore.location')) },
      { KAFKA_PASSWORD: 'x' },
      kafkaOptions,
    );
    assert.deepEqual(warnings, []);
  });

  test('runs', async () => {
    // The same file, but for the folder and the port, which the tests choose.
    const options = parseConfigText(workerFile, text)[0]!.entries;
    const { listeners: _, 'data.dir': __, ...others } = Object.fromEntries(options);
    await using daemon = await startDaemon(others);
    assert.deepEqual((await ask(daemon, 'GET', '/connectors')).body, []);
  });
});

describe('the connectors of config/examples', () => {
  const [sagas, files] = [true, false].map(wanted =>
    globSync('examples/**/*.{yaml,json}', { cwd: config }).filter(
      file => !file.endsWith('worker.yaml') && /[/\\]sagas[/\\]/.test(file) === wanted,
    ),
  ) as [string[], string[]];
  const textOf = (file: string) => readFileSync(join(config, file), 'utf8');
  const [views, connectorFiles] = [true, false].map(wanted => files.filter(file => /^views:/m.test(textOf(file)) === wanted)) as [
    string[],
    string[],
  ];

  for (const file of views) {
    test(`${file} is a file of views`, () => {
      const { definitions, faults } = readDefinitions(textOf(file), file);
      assert.deepEqual(faults, []);
      assert.ok(definitions !== null && definitions.views.length > 0);
    });
  }

  for (const file of sagas) {
    test(`${file} is a saga`, async () => {
      const [pinned] = await readSagas([join(config, file)]);
      assert.ok(pinned!.definition.stages.length > 0);
    });
  }

  for (const file of connectorFiles) {
    test(`${file} is a connector`, async () => {
      const connectors = await readConnectorFile(join(config, file));
      assert.ok(connectors.length > 0);
    });
  }

  test('user-database-connector is the same as JSON and as YAML', async () => {
    const [json] = await readConnectorFile(join(config, 'examples', 'user-database-connector.json'));
    const [yaml] = await readConnectorFile(join(config, 'examples', 'user-database-connector.yaml'));
    assert.deepEqual({ ...yaml!.config }, { ...json!.config });
    assert.equal(yaml!.name, json!.name);
  });
});
