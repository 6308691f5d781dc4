import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { elasticsearchSink } from '../../../../sinks/elasticsearch/plugin.ts';
import { runCommandLine } from '../../../../src/cli/command-line.ts';
import { paintWith } from '../../../../src/cli/terminal.ts';
import { schemas } from '../../../../src/contract/index.ts';
import { ElasticsearchReader, elasticsearchTask } from '../../../support/elasticsearch.ts';
import { freePort } from '../../../support/free-port.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { sharedElasticsearch } from '../../../support/servers.ts';
import { never, Rows } from './rows.ts';

let url: string;
let reader: ElasticsearchReader;

before(async () => {
  ({ url } = await sharedElasticsearch());
  reader = new ElasticsearchReader(url);
});

async function check(options: Readonly<Record<string, string>>) {
  await using sink = elasticsearchTask({ 'connection.url': url, 'read.timeout.ms': '60000', ...options });
  return await sink.check(never);
}

const faults = (results: Awaited<ReturnType<typeof check>>) => results.filter(({ status }) => status === 'fault');

describe('elasticsearch: check', () => {
  test('all is well, and nothing is made', async () => {
    const { topic } = new Rows([['name', schemas.optionalString]]);
    const results = await check({ topics: topic, 'index.mappings': '{"properties": {"name": {"type": "keyword"}}}' });
    assert.deepEqual(faults(results), []);
    assert.match(results[0]!.message, /^Elasticsearch \d+\.\d+\.\d+ at http:/);
    assert.equal((await reader.ask('GET', `/${topic}`)).status, 404);
  });

  test('nobody is there', async () => {
    const [result] = faults(await check({ 'connection.url': `http://127.0.0.1:${await freePort()}` }));
    assert.deepEqual([result?.code, result?.option], ['TARGET_UNAVAILABLE', 'connection.url']);
  });

  test('a mapping that is none, and one that conflicts with the index that is there', async () => {
    const { topic } = new Rows([['name', schemas.optionalString]]);
    await reader.succeed('PUT', `/${topic}`, { mappings: { properties: { row: { properties: { name: { type: 'long' } } } } } });
    const [unknown] = faults(await check({ topics: topic, 'index.mappings': '{"properties": {"name": {"type": "nosuch"}}}' }));
    assert.match(unknown!.message, /The mapper type \[nosuch\] declared on field \[name\] does not exist/);
    const [conflict] = faults(
      await check({ topics: topic, 'index.mappings': '{"properties": {"row": {"properties": {"name": {"type": "text"}}}}}' }),
    );
    assert.match(conflict!.message, /maps fields in another way than index\.mappings: row\.name \(long there, text wanted\)/);
    assert.equal(conflict!.option, 'index.mappings');
  });

  test('sluice check names file, line and option of a mapping that conflicts', async () => {
    const { topic } = new Rows([['name', schemas.optionalString]]);
    await reader.succeed('PUT', `/${topic}`, { mappings: { properties: { name: { type: 'long' } } } });
    using scratch = new ScratchFolder('check-mapping');
    const file = scratch.file('search.yaml');
    const mappings = `'{"properties": {"name": {"type": "text"}}}'`;
    writeFileSync(
      file,
      `name: search\nconnector.class: elasticsearch\ntopics: ${topic}\nconnection.url: ${url}\nread.timeout.ms: 60000\nindex.mappings: ${mappings}\n`,
    );
    let out = '';
    const take = (text: string) => {
      out += text;
    };
    const terminal = { out: take, err: take, log: take, interactive: false, paint: paintWith(false) };
    assert.equal(await runCommandLine(['check', file], terminal), 1, out);
    assert.match(out, /^search \(.*search\.yaml\)$/m);
    assert.match(out, /fault {4}line 6, index\.mappings, index \S+: .*maps fields in another way .*name \(long there, text wanted\)/);
  });

  test('an index named by topic that is not there', async () => {
    const [result] = faults(
      await check({ topics: 'a', 'external.resource.usage': 'INDEX', 'topic.to.external.resource.mapping': 'a:there-is-none' }),
    );
    assert.match(result!.message, /no index or alias there-is-none for a/);
  });

  test('a template with a field that there is not is refused with the nearest one', () => {
    const { faults } = elasticsearchSink.spec.parse({ 'connection.url': url, 'index.name': 'x-${source.tabel}' });
    assert.deepEqual(
      faults.map(({ option }) => option),
      ['index.name'],
    );
    assert.match(faults[0]!.message, /no field 'tabel'.*did you mean \$\{source\.table\}\?/);
  });
});
