import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type Sink, schemas } from '../../../../src/contract/index.ts';
import { ElasticsearchReader, elasticsearchTask } from '../../../support/elasticsearch.ts';
import { sharedElasticsearch } from '../../../support/servers.ts';
import { live, never, Rows, replayed } from './rows.ts';

let url: string;
let reader: ElasticsearchReader;

before(async () => {
  ({ url } = await sharedElasticsearch());
  reader = new ElasticsearchReader(url);
});

function task(generation: number, options: Readonly<Record<string, string>> = {}): Sink {
  return elasticsearchTask({
    'connection.url': url,
    'behavior.on.null.values': 'delete',
    'index.alias': 'true',
    'index.generation': String(generation),
    'index.settings': '{"number_of_replicas": 0}',
    'read.timeout.ms': '60000',
    ...options,
  });
}

/** Where the engine is to seek to, for the one partition. */
async function assigned(sink: Sink, topic: string): Promise<bigint | null> {
  const places = await sink.assign!({ group: 'connect-search', generation: 1, partitions: [{ topic, partition: 0, era: 1 }] }, never);
  return places[0]?.offset ?? null;
}

async function behind(alias: string): Promise<readonly string[]> {
  const { status, text } = await reader.ask('GET', `/_alias/${alias}`);
  return status === 404 ? [] : Object.keys(JSON.parse(text));
}

const ids = async (index: string) => (await reader.documents(index)).map(({ _id, _source }) => `${_id}:${String(_source['name'])}`).sort();

describe('elasticsearch: an index is built anew beside the one that is searched', () => {
  test('the alias moves in one step, once the new index holds all that the old one does', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    const { topic } = rows;
    const log = [rows.upsert(1, ['a']), rows.upsert(2, ['b']), rows.upsert(1, ['c'], ['a']), rows.delete(2), rows.upsert(3, ['d'])];
    await using first = task(1);
    assert.equal(await assigned(first, topic), 0n, 'an index that is not there is built from the start');
    await first.write(live(...log), never);
    assert.deepEqual([await behind(topic), await ids(topic)], [[`${topic}-v1`], ['1:c', '3:d']]);
    assert.equal(await assigned(first, topic), null, 'what is searched goes on where the group is');

    await using second = task(2, { 'index.mappings': '{"properties": {"name": {"type": "keyword"}}}' });
    assert.equal(await assigned(second, topic), 0n);
    await second.write(live(...log.slice(0, 3)), never);
    assert.deepEqual(await behind(topic), [`${topic}-v1`], 'not yet');
    // Meanwhile the rows go on changing, into the index that is searched.
    log.push(rows.upsert(4, ['e']));
    await first.write(live(log.at(-1)!), never);
    {
      await using restarted = task(2);
      assert.equal(await assigned(restarted, topic), 3n, 'a build that was interrupted goes on where it was');
      await restarted.write(live(...log.slice(3, 5)), never);
      assert.deepEqual(await behind(topic), [`${topic}-v1`], 'one record is missing still');
      await restarted.write(live(...log.slice(5)), never);
    }
    assert.deepEqual([await behind(topic), await ids(topic)], [[`${topic}-v2`], ['1:c', '3:d', '4:e']]);
    assert.equal((await reader.properties(topic))['name']?.['type'], 'keyword');
    assert.equal(await assigned(second, topic), null);
  });

  test('a generation that was left behind never takes the alias back', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    const record = rows.upsert(1, ['a']);
    for (const generation of [1, 2]) {
      await using sink = task(generation);
      await assigned(sink, rows.topic);
      await sink.write(live(record), never);
    }
    await using former = task(1);
    await assigned(former, rows.topic);
    await former.write(live(record, rows.upsert(2, ['b'])), never);
    assert.deepEqual(await behind(rows.topic), [`${rows.topic}-v2`]);
  });

  test('a replay beside the live flow says nothing of how far the index is', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    const log = [rows.upsert(1, ['a']), rows.upsert(2, ['b'])];
    await using first = task(1);
    await assigned(first, rows.topic);
    await first.write(live(...log), never);
    await using second = task(2);
    await assigned(second, rows.topic);
    await second.write(replayed(log[1]!), never);
    assert.deepEqual(await behind(rows.topic), [`${rows.topic}-v1`]);
    assert.equal(await assigned(second, rows.topic), 0n);
  });

  test('a build goes on where the group is once the group’s offsets were set from outside', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    const { topic } = rows;
    const log = [rows.upsert(1, ['a']), rows.upsert(2, ['b']), rows.upsert(3, ['c']), rows.upsert(4, ['d'])];
    await using first = task(1);
    await assigned(first, topic);
    await first.write(live(...log), never);

    await using second = task(2, { topics: topic });
    await second.write(live(...log.slice(0, 2)), never);
    assert.equal(await assigned(second, topic), 2n);
    await second.forgetOffsets!('connect-search', [{ topic, partition: 0 }], never);
    assert.equal(await assigned(second, topic), null);
    await second.write(live(log[1]!), never);
    assert.equal(await assigned(second, topic), null, 'still, as it goes over what it had');
    await second.write(live(log[2]!), never);
    await second.write(live(log[3]!), never);
    assert.deepEqual(await behind(topic), [`${topic}-v2`]);

    await using third = task(3);
    await third.write(live(log[0]!), never);
    assert.equal(await assigned(third, topic), 1n);
    await third.forgetOffsets!('connect-search', null, never);
    assert.equal(await assigned(third, topic), null, 'all partitions');
    await using fourth = task(4);
    await fourth.forgetOffsets!('connect-search', [{ topic, partition: 0 }], never);
    assert.equal(await assigned(fourth, topic), null, 'one that was not begun');
  });

  test('an alias that others made is left alone, and an index in its place is refused', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    await reader.succeed('PUT', `/${rows.topic}-mine`, { aliases: { [rows.topic]: {} } });
    await using sink = task(1);
    await assigned(sink, rows.topic);
    await sink.write(live(rows.upsert(1, ['a'])), never);
    assert.deepEqual(await behind(rows.topic), [`${rows.topic}-mine`]);
    const other = new Rows([['name', schemas.optionalString]]);
    await reader.succeed('PUT', `/${other.topic}`);
    await using refused = task(1, { topics: other.topic });
    await assert.rejects(refused.write(live(other.upsert(1, ['a'])), never), {
      code: 'TARGET_REFUSED',
      remedy: /keeps an alias from having it/,
    });
    const faults = (await refused.check(never)).filter(({ status }) => status === 'fault');
    assert.deepEqual(
      faults.map(({ option }) => option),
      ['index.alias'],
    );
  });
});
