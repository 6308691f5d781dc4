import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type Sink, schemas } from '../../../../src/contract/index.ts';
import { ElasticsearchReader, elasticsearchTask } from '../../../support/elasticsearch.ts';
import { logged } from '../../../support/logged.ts';
import { sharedElasticsearch } from '../../../support/servers.ts';
import { live, never, Rows, replayed } from './rows.ts';

let url: string;
let reader: ElasticsearchReader;

before(async () => {
  ({ url } = await sharedElasticsearch());
  reader = new ElasticsearchReader(url);
});

function task(options: Readonly<Record<string, string>> = {}): Sink {
  const common = { 'connection.url': url, 'behavior.on.null.values': 'delete', 'read.timeout.ms': '60000' };
  return elasticsearchTask({ ...common, 'index.settings': '{"number_of_replicas": 0}', ...options });
}

function assign(sink: Sink, topic: string) {
  return sink.assign!({ group: 'connect-search', generation: 1, partitions: [{ topic, partition: 0, era: 1 }] }, never);
}

/** A row that was made and deleted, and of which Elasticsearch has forgotten everything. */
async function forgotten(options: Readonly<Record<string, string>>) {
  const rows = new Rows([['name', schemas.optionalString]]);
  const older = rows.upsert(1, ['a']);
  await using sink = task(options);
  await assign(sink, rows.topic);
  await sink.write(live(older, rows.upsert(2, ['b'])), never);
  await sink.write(live(rows.delete(1, ['a']), rows.tombstone(1)), never);
  await reader.forgetDeletes(rows.topic);
  return { rows, older, ids: async () => (await reader.documents(rows.topic)).map(({ _id }) => _id).sort() };
}

describe('elasticsearch: a deleted document stays deleted after index.gc_deletes', () => {
  test('without markers an older record brings it back: what they are for', async () => {
    const { rows, older, ids } = await forgotten({ 'delete.markers': 'false' });
    await using sink = task({ 'delete.markers': 'false' });
    await assign(sink, rows.topic);
    await sink.write(live(older), never);
    assert.deepEqual(await ids(), ['1', '2']);
  });

  test('redelivered to the next task, or replayed by one that owns nothing', async () => {
    const { rows, older, ids } = await forgotten({});
    await using next = task();
    await assign(next, rows.topic);
    await next.write(live(older), never);
    await using beside = task();
    await beside.write(replayed(older), never);
    assert.deepEqual(await ids(), ['2']);
    await next.write(live(rows.upsert(1, ['new'])), never);
    assert.deepEqual(await ids(), ['1', '2'], 'a newer record makes it again');
  });

  test('a task that was given the partition back looks anew at what was deleted meanwhile', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    const older = rows.upsert(1, ['a']);
    await using first = task();
    await assign(first, rows.topic);
    await first.write(live(older), never);
    await using second = task();
    await assign(second, rows.topic);
    await second.write(live(rows.delete(1, ['a'])), never);
    await reader.forgetDeletes(rows.topic);
    await assign(first, rows.topic);
    await first.write(live(older), never);
    assert.deepEqual(await reader.documents(rows.topic), []);
  });

  test('the state index is hidden: nobody finds it who does not ask for it by name', async () => {
    await forgotten({});
    const { text } = await reader.ask('GET', '/_cat/indices?h=index');
    assert.doesNotMatch(text, /sluice-state/);
    assert.equal((await reader.ask('GET', '/sluice-state')).status, 200);
  });

  test('a marker is kept for as long as delete.markers.retention.ms says', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    const state = `${rows.topic}-state`;
    let nowMs = 1_700_000_000_000;
    const markers = async () => {
      await reader.succeed('POST', `/${state}/_refresh`);
      return ((await reader.succeed('GET', `/${state}/_count`)) as { count: number }).count;
    };
    const options = { 'state.index': state, 'delete.markers.retention.ms': '60000', 'index.settings': '{"number_of_replicas": 0}' };
    const common = { 'connection.url': url, 'behavior.on.null.values': 'delete', 'read.timeout.ms': '60000' };
    const logs = logged();
    await using sink = elasticsearchTask({ ...common, ...options }, logs, () => nowMs);
    await assign(sink, rows.topic);
    await sink.write(live(rows.upsert(1, ['a']), rows.upsert(2, ['b']), rows.upsert(3, ['c'])), never);
    await sink.write(live(rows.delete(1, ['a'])), never);
    nowMs += 30_000;
    await sink.write(live(rows.delete(2, ['b'])), never);
    assert.equal(await markers(), 2);
    nowMs += 3_600_000;
    await sink.write(live(rows.delete(3, ['c'])), never);
    assert.deepEqual(
      logs.lines.filter(({ level }) => level === 'warn'),
      [],
    );
    assert.equal(await markers(), 1, 'the one that is new');
  });
});
