import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { findConnectorFiles, readConnectorFile } from '../../../src/config/connector-files.ts';
import { parseConfigText } from '../../../src/config/document.ts';
import { resolveWorker } from '../../../src/config/worker-file.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';

const noKafka = async () => ({ parse: () => ({ faults: [], warnings: [] }) });

function worker(text: string, environment: NodeJS.ProcessEnv = {}) {
  return resolveWorker(parseConfigText('/etc/sluice/worker.yaml', text)[0]!, environment, noKafka);
}

describe('a worker file', () => {
  test('needs nothing: the embedded log beside it, and REST on this machine only', async () => {
    const { config, warnings } = await worker('{}');
    assert.deepEqual(warnings, []);
    assert.equal(config.dataDir, '/etc/sluice/data');
    assert.equal(config.bootstrapServers, null);
    assert.deepEqual(config.listeners, [{ protocol: 'http', host: '127.0.0.1', port: 8083 }]);
    assert.equal(config.exactlyOnce, true);
    assert.deepEqual([...config.providers.keys()], ['file', 'env', 'dir']);
  });

  test('takes Connect’s names, placeholders and relative paths', async () => {
    const { config } = await worker(
      `bootstrap.servers: [a:9092, b:9092]\nlisteners: http://:\${env:PORT}, http://[::1]:81\nkey.converter: string\nvalue:\n  converter.schemas.enable: false\nconnectors: conf.d/*.yaml\ndata.dir: ../data\nresponse.http.headers.config: "set X-A: 1, add X-B: 2"`,
      { PORT: '80' },
    );
    assert.deepEqual(config.bootstrapServers, ['a:9092', 'b:9092']);
    assert.deepEqual(config.listeners, [
      { protocol: 'http', host: '0.0.0.0', port: 80 },
      { protocol: 'http', host: '::1', port: 81 },
    ]);
    assert.equal(config.converters['key.converter'], 'string');
    assert.equal(config.converters['value.converter.schemas.enable'], 'false');
    assert.deepEqual(config.connectorPatterns, ['/etc/sluice/conf.d/*.yaml']);
    assert.equal(config.dataDir, '/etc/data');
    assert.deepEqual(config.responseHeaders, [
      { mode: 'set', name: 'X-A', value: '1' },
      { mode: 'add', name: 'X-B', value: '2' },
    ]);
  });

  test('tells all faults at once, each with its line', async () => {
    await assert.rejects(
      worker('listeners: ftp://x:1\n\nexactly.once.source.support: yess\nbootstrap.servers: nohost\nrest.extension.classes: x\n'),
      error => {
        const lines = (error as Error).message.split('\n');
        assert.equal(lines.length, 4);
        assert.ok(lines.some(line => /worker\.yaml:1: .*ftp is not supported/.test(line)));
        assert.ok(lines.some(line => /worker\.yaml:3: .*exactly\.once\.source\.support/.test(line)));
        assert.ok(lines.some(line => /worker\.yaml:4: .*not host:port/.test(line)));
        assert.ok(lines.some(line => /worker\.yaml:5: .*not supported/.test(line)));
        return true;
      },
    );
  });

  test('says what carries over from Connect without an effect, and the nearest name of what is unknown', async () => {
    const { warnings } = await worker('plugin.path: /opt\ngroup.id: g\nlistener: x\n');
    assert.match(warnings.find(text => text.includes('plugin.path'))!, /no effect: plugins are part of Sluice/);
    assert.match(warnings.find(text => text.includes('bootstrap.servers'))!, /no effect: group\.id/);
    assert.match(warnings.find(text => text.includes("'listener'"))!, /did you mean 'listeners'/);
  });

  test('has its Kafka options checked by the Kafka log', async () => {
    const document = parseConfigText('worker.yaml', 'bootstrap.servers: a:1\nsasl.mechanism: X\n')[0]!;
    const kafka = async () => ({ parse: () => ({ faults: [{ option: 'sasl.mechanism', message: 'no such mechanism' }], warnings: [] }) });
    await assert.rejects(resolveWorker(document, {}, kafka), { message: 'worker.yaml:2: no such mechanism' });
  });
});

describe('a connector file', () => {
  async function read(text: string, name = 'c.yaml') {
    using folder = new ScratchFolder('connectors');
    writeFileSync(folder.file(name), text);
    return await readConnectorFile(folder.file(name));
  }

  test('is {name, config} or the bare map, in YAML or JSON', async () => {
    const config = { name: 'a', 'connector.class': 'postgres', 'database.port': '5432' };
    assert.deepEqual((await read('name: a\nconfig:\n  connector.class: postgres\n  database: {port: 5432}\n'))[0]!.config, config);
    assert.deepEqual((await read('name: a\nconnector.class: postgres\ndatabase.port: 5432\n'))[0]!.config, config);
    const json = JSON.stringify({ name: 'a', config: { 'connector.class': 'postgres', 'database.port': '5432' } });
    assert.deepEqual((await read(json, 'c.json'))[0]!.config, config);
  });

  test('may hold several, with initial states, and knows the line of each option', async () => {
    const connectors = await read(
      'name: a\nconnector.class: x\n---\nname: b\ninitial_state: stopped\nconfig:\n  connector.class: x\n  slot.name: s\n',
    );
    assert.deepEqual(
      connectors.map(({ name, targetState }) => [name, targetState]),
      [
        ['a', 'STARTED'],
        ['b', 'STOPPED'],
      ],
    );
    assert.equal(connectors[1]!.lineOf('slot.name'), 8);
    assert.equal(connectors[1]!.lineOf('nope'), null);
  });

  const faults: readonly [why: string, text: string, message: RegExp][] = [
    ['without a name', 'connector.class: x\n', /c\.yaml:1: the connector has no 'name'/],
    ['without a class', 'name: a\nb: c\n', /c\.yaml:1: the connector 'a' has no 'connector\.class'/],
    ['of two names', 'name: a\nconfig:\n  name: b\n  connector.class: x\n', /c\.yaml:3: 'name' in the config \(b\)/],
    [
      'with options beside config',
      'name: a\ntasks.max: 1\nconfig:\n  connector.class: x\n',
      /c\.yaml:2: 'tasks\.max' stands beside 'config'/,
    ],
    ['twice', 'name: a\nconnector.class: x\n---\nname: a\nconnector.class: x\n', /c\.yaml:4: the connector 'a' is there twice/],
    ['in no state there is', 'name: a\ninitial_state: off\nconfig:\n  connector.class: x\n', /c\.yaml:2: 'off' is no state/],
    ['that is empty', '# nothing\n', /the file holds no connector/],
  ];
  for (const [why, text, message] of faults)
    test(`${why} is refused with its place`, () => assert.rejects(read(text), { code: 'CONFIG_FILE_UNREADABLE', message }));

  test('is found by path or pattern, once, sorted', async () => {
    using folder = new ScratchFolder('connectors');
    mkdirSync(folder.file('d'));
    for (const name of ['d/b.yaml', 'd/a.yaml', 'd/c.json']) writeFileSync(folder.file(name), '');
    const found = await findConnectorFiles([folder.file('d', '*.yaml'), folder.file('d', 'a.yaml')]);
    assert.deepEqual(found, [folder.file('d', 'a.yaml'), folder.file('d', 'b.yaml')]);
  });
});
