import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { arraySchema, mapSchema, Struct, schemaOf, schemas, structSchema } from '../../../../src/contract/index.ts';
import { ElasticsearchReader, elasticsearchTask } from '../../../support/elasticsearch.ts';
import { sharedElasticsearch } from '../../../support/servers.ts';
import { live, never, Rows, replayed, unsent } from './rows.ts';

let url: string;
let reader: ElasticsearchReader;
const named = (type: 'int32' | 'int64' | 'string' | 'bytes', name: string, parameters: Record<string, string> | null = null) =>
  schemaOf(type, { name, optional: true, parameters });

function task(options: Readonly<Record<string, string>> = {}) {
  return elasticsearchTask({
    'connection.url': url,
    'behavior.on.null.values': 'delete',
    'index.settings': '{"number_of_replicas": 0}',
    'read.timeout.ms': '60000',
    ...options,
  });
}

const sourceOf = async (index: string, id: string) => (await reader.documents(index)).find(({ _id }) => _id === id)?._source;

before(async () => {
  ({ url } = await sharedElasticsearch());
  reader = new ElasticsearchReader(url);
});

describe('elasticsearch: documents and mappings', () => {
  test('dates are dates, decimals numbers, texts have a keyword: by the schema of the record', async () => {
    const scale = { scale: '2' };
    const rows = new Rows([
      ['day', named('int32', 'io.debezium.time.Date')],
      ['at', named('int64', 'io.debezium.time.MicroTimestamp')],
      ['zoned', named('string', 'io.debezium.time.ZonedTimestamp')],
      ['time', named('int64', 'io.debezium.time.MicroTime')],
      ['price', named('bytes', schemas.connectDecimal, scale)],
      ['uuid', named('string', 'io.debezium.data.Uuid')],
      ['profile', named('string', 'io.debezium.data.Json')],
      ['name', schemas.optionalString],
      ['big', schemas.optionalInt64],
      ['raw', schemas.optionalBytes],
      ['tags', arraySchema(schemas.string, { optional: true })],
      ['labels', mapSchema(schemas.string, schemas.optionalString, { optional: true })],
      ['ratio', schemas.optionalFloat64],
    ]);
    await using sink = task();
    const values = [
      19_723,
      1_704_164_645_123_456n,
      '2024-01-02T03:04:05.678+02:00',
      11_045_000_006n,
      Buffer.from([0xfe, 0x1d, 0xc1]), // -123455 unscaled
      '2f1c8e6a-0d3f-4d6b-9d0c-0f7c4b6f6a11',
      '{"plan": "gold",\n "seats": [1, 2.50]}',
      'Ada "the first"\nLovelace',
      9_007_199_254_740_993n,
      Buffer.from('bytes'),
      ['a', 'b'],
      new Map([['k', 'v']]),
      Number.NaN,
    ];
    assert.deepEqual(await sink.write(live(rows.upsert(1, values)), never), { publish: [], failed: [] });
    const properties = await reader.properties(rows.topic);
    const types = Object.fromEntries(Object.entries(properties).map(([name, mapping]) => [name, mapping['type'] ?? 'object']));
    assert.deepEqual(types, {
      id: 'long',
      day: 'date',
      at: 'date',
      zoned: 'date',
      time: 'keyword',
      price: 'double',
      uuid: 'keyword',
      profile: 'object',
      name: 'text',
      big: 'long',
      raw: 'binary',
      tags: 'text',
      labels: 'object',
      ratio: 'double',
    });
    assert.deepEqual(properties['name']?.['fields'], { keyword: { type: 'keyword', ignore_above: 256 } });
    const { text } = await reader.ask('GET', `/${rows.topic}/_source/1`);
    assert.match(text, /"big":9007199254740993\b/, 'every digit of a bigint');
    assert.deepEqual(JSON.parse(text), {
      id: 1,
      day: '2024-01-01',
      at: '2024-01-02T03:04:05.123456Z',
      zoned: '2024-01-02T03:04:05.678+02:00',
      time: '03:04:05.000006',
      price: -1234.55,
      uuid: '2f1c8e6a-0d3f-4d6b-9d0c-0f7c4b6f6a11',
      profile: { plan: 'gold', seats: [1, 2.5] },
      name: 'Ada "the first"\nLovelace',
      big: 9007199254740992, // as JSON.parse of a double reads it
      raw: 'Ynl0ZXM=',
      tags: ['a', 'b'],
      labels: { k: 'v' },
      ratio: null,
    });
    const found = (await reader.succeed('POST', `/${rows.topic}/_search`, {
      query: { range: { at: { gte: '2024-01-02', lt: '2024-01-03' } } },
    })) as {
      hits: { total: { value: number } };
    };
    await reader.succeed('POST', `/${rows.topic}/_refresh`);
    assert.ok(found, 'a range of dates can be asked for');
  });

  test('an infinite date leaves the row searchable by its other fields', async () => {
    const rows = new Rows([['at', named('int64', 'io.debezium.time.MicroTimestamp')]]);
    await using sink = task();
    assert.deepEqual((await sink.write(live(rows.upsert(1, [9_223_372_036_825_200_000n])), never)).failed, []);
    assert.deepEqual(await sourceOf(rows.topic, '1'), { id: 1, at: 'infinity' });
  });

  test('a column added to the table is mapped by its schema too, and given mappings win', async () => {
    const options = { 'index.mappings': '{"properties": {"name": {"type": "keyword"}}}' };
    const first = new Rows([['name', schemas.optionalString]]);
    const second = new Rows(
      [
        ['name', schemas.optionalString],
        ['born', named('int32', 'io.debezium.time.Date')],
      ],
      first.topic,
    );
    second.skipTo(1n);
    await using sink = task(options);
    await sink.write(live(first.upsert(1, ['a'])), never);
    await sink.write(live(second.upsert(2, ['b', 0])), never);
    const properties = await reader.properties(first.topic);
    assert.deepEqual([properties['name']?.['type'], properties['born']?.['type']], ['keyword', 'date']);
  });

  test('a value that does not fit the mapping fails its record alone, without quoting it', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    await using sink = task({ 'index.mappings': '{"properties": {"name": {"type": "long"}}}' });
    const { failed } = await sink.write(live(rows.upsert(1, ['12']), rows.upsert(2, ['secret']), rows.upsert(3, ['13'])), never);
    assert.deepEqual(
      failed.map(({ index, error }) => [index, error.code]),
      [[1, 'RECORD_REFUSED']],
    );
    assert.match(
      failed[0]!.error.message,
      /@1: Elasticsearch refuses its document: document_parsing_exception at the field 'name', which is mapped as long\.$/,
    );
    assert.deepEqual((await reader.documents(rows.topic)).map(({ _id }) => _id).sort(), ['1', '3']);
  });

  test('where a document is refused, the good one before it in the batch is written', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    await using sink = task({ 'index.mappings': '{"properties": {"name": {"type": "long"}}}' });
    const { failed } = await sink.write(live(rows.upsert(1, ['1']), rows.upsert(1, ['2'], ['1']), rows.upsert(1, ['bad'], ['2'])), never);
    assert.deepEqual(
      failed.map(({ index }) => index),
      [2],
    );
    assert.deepEqual(await sourceOf(rows.topic, '1'), { id: 1, name: '2' });
  });

  test('behavior.on.malformed.documents and drop.invalid.message drop what they say, and count it in the log', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    const options = {
      'index.mappings': '{"properties": {"name": {"type": "long"}}}',
      'behavior.on.malformed.documents': 'warn',
      'drop.invalid.message': 'true',
    };
    await using sink = task(options);
    const keyless = { ...rows.upsert(2, ['1']), key: null, keySchema: null };
    assert.deepEqual((await sink.write(live(rows.upsert(1, ['bad']), keyless, rows.upsert(3, ['3'])), never)).failed, []);
    assert.deepEqual(
      (await reader.documents(rows.topic)).map(({ _id }) => _id),
      ['3'],
    );
  });

  test('keys of several fields, texts and numbers become ids; key.ignore makes one of the record’s place', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    const keySchema = structSchema([
      ['tenant', schemas.string],
      ['id', schemas.int64],
    ]);
    const [a, b, c] = [rows.upsert(1, ['a']), rows.upsert(2, ['b']), rows.upsert(3, ['c'])];
    await using sink = task();
    await sink.write(
      live(
        { ...a, keySchema, key: new Struct(keySchema, ['x|y', 7n]) },
        { ...b, keySchema: schemas.string, key: 'text key' },
        { ...c, keySchema: null, key: 42 },
      ),
      never,
    );
    assert.deepEqual((await reader.documents(rows.topic)).map(({ _id }) => _id).sort(), ['42', 'text key', 'x\\|y|7']);
    const events = new Rows([['name', schemas.optionalString]]);
    await using ignoring = task({ 'key.ignore': 'true' });
    const records = [events.upsert(1, ['a']), events.upsert(1, ['b'], ['a']), events.delete(1, ['b']), events.tombstone(1)];
    await ignoring.write(live(...records), never);
    await ignoring.write(replayed(...records), never);
    assert.deepEqual((await reader.documents(events.topic)).map(({ _id }) => _id).sort(), [`${events.topic}+0+0`, `${events.topic}+0+1`]);
  });

  test('records without schema and rewritten deletes', async () => {
    const rows = new Rows([]);
    const row = (...fields: [string, string | number][]) => new Map<string, string | number>(fields);
    await using sink = task();
    const deleted = row(['id', 2], ['__deleted', 'true']);
    await sink.write(
      live(rows.other(1, null, row(['id', 1], ['name', 'a'])), rows.other(2, null, row(['id', 2])), rows.other(2, null, deleted)),
      never,
    );
    assert.deepEqual(
      (await reader.documents(rows.topic)).map(({ _source }) => _source),
      [{ id: 1, name: 'a' }],
    );
  });

  test('deletes follow behavior.on.null.values, in every form', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    await using ignoring = task({ 'behavior.on.null.values': 'ignore' });
    await ignoring.write(live(rows.upsert(1, ['a']), rows.delete(1), rows.tombstone(1)), never);
    assert.equal((await reader.documents(rows.topic)).length, 1);
    await using failing = task({ 'behavior.on.null.values': 'fail' });
    const { failed } = await failing.write(live(rows.delete(1), rows.tombstone(1), rows.upsert(2, ['b'])), never);
    assert.deepEqual(
      failed.map(({ index, error }) => [index, error.code]),
      [
        [0, 'RECORD_REFUSED'],
        [1, 'RECORD_REFUSED'],
      ],
    );
    assert.match(failed[0]!.error.message, /behavior\.on\.null\.values/);
    assert.equal((await reader.documents(rows.topic)).length, 2, 'the rest is written');
  });

  test('a column the database did not send keeps its value, to the last digit', async () => {
    const rows = new Rows([
      ['note', schemas.optionalString],
      ['price', named('bytes', schemas.connectDecimal, { scale: '4' })],
      ['doc', named('string', 'io.debezium.data.Json')],
      ['n', schemas.optionalInt64],
    ]);
    const price = Buffer.from('0123456789abcdef0123456789abcdef', 'hex');
    await using sink = task();
    await sink.write(live(rows.upsert(1, ['long text', price, '{"deep":12345678901234567890.5}', 1n])), never);
    const before = (await reader.ask('GET', `/${rows.topic}/_source/1`)).text;
    const placeholder = Buffer.from(unsent);
    await sink.write(live(rows.upsert(1, [unsent, placeholder, unsent, 2n], ['x', price, '{}', 1n])), never);
    assert.equal((await reader.ask('GET', `/${rows.topic}/_source/1`)).text, before.replace('"n":1', '"n":2'));
    // In one batch: from the record before, which never was stored.
    await sink.write(
      live(rows.upsert(2, ['two', price, '{}', 1n]), rows.upsert(2, [unsent, placeholder, unsent, 5n], ['two', price, '{}', 1n])),
      never,
    );
    const second = await sourceOf(rows.topic, '2');
    assert.deepEqual([second?.['note'], second?.['n']], ['two', 5]);
    // Nobody knows it: the document is made without it.
    await sink.write(live(rows.upsert(3, [unsent, price, '{}', 1n], ['?', price, '{}', 1n])), never);
    const third = await sourceOf(rows.topic, '3');
    assert.equal(third !== undefined && 'note' in third, false);
  });

  test('write.method=upsert changes the fields of the record and leaves those of others', async () => {
    const rows = new Rows([
      ['name', schemas.optionalString],
      ['note', schemas.optionalString],
    ]);
    await using sink = task({ 'write.method': 'upsert' });
    await sink.write(live(rows.upsert(1, ['a', 'n'])), never);
    await reader.succeed('POST', `/${rows.topic}/_update/1`, { doc: { score: 7 } });
    await sink.write(
      live(rows.upsert(1, ['b', 'm'], ['a', 'n']), rows.upsert(1, ['c', unsent], ['b', 'm']), rows.upsert(2, ['x', 'y']), rows.delete(2)),
      never,
    );
    assert.deepEqual(
      (await reader.documents(rows.topic)).map(({ _source }) => _source),
      [{ id: 1, name: 'c', note: 'm', score: 7 }],
    );
  });

  test('an index by fields: the row moves when the field changes, and a tombstone finds it', async () => {
    const rows = new Rows([['country', schemas.optionalString]]);
    const index = (country: string) => `${rows.topic}-orders-${country}`;
    await using sink = task({ 'index.name': `${rows.topic}-\${source.table}-\${row.country}` });
    await sink.write(live(rows.upsert(1, ['FR']), rows.upsert(2, ['FR'])), never);
    await sink.write(live(rows.upsert(1, ['DE'], ['FR'])), never);
    assert.deepEqual(
      [(await reader.documents(index('fr'))).map(({ _id }) => _id), (await reader.documents(index('de'))).map(({ _id }) => _id)],
      [['2'], ['1']],
    );
    assert.deepEqual((await sink.write(live(rows.delete(2, ['FR']), rows.tombstone(2)), never)).failed, []);
    assert.equal((await reader.documents(index('fr'))).length, 0);
    const { failed } = await sink.write(live(rows.tombstone(1), rows.upsert(3, ['a/b'])), never);
    assert.deepEqual(
      failed.map(({ index }) => index),
      [0, 1],
      'a tombstone that says nothing, a name that cannot be',
    );
    assert.doesNotMatch(failed[1]!.error.message, /a\/b/);
  });

  test('indices that are there already, by topic', async () => {
    const rows = new Rows([['name', schemas.optionalString]]);
    const options = { 'external.resource.usage': 'ALIAS_INDEX', 'topic.to.external.resource.mapping': `${rows.topic}:${rows.topic}-alias` };
    await using sink = task(options);
    await assert.rejects(sink.write(live(rows.upsert(1, ['a'])), never), { code: 'TARGET_REFUSED' });
    await reader.succeed('PUT', `/${rows.topic}-there`, { settings: { number_of_replicas: 0 }, aliases: { [`${rows.topic}-alias`]: {} } });
    await sink.write(live(rows.upsert(1, ['a'])), never);
    assert.equal((await reader.documents(`${rows.topic}-there`)).length, 1);
  });
});
