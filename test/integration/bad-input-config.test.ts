import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { ask, type Config, connectorOf, errorMessage, progressOf } from './bad-input-fixture.ts';

describe('a wrong config or request gets one clear error', () => {
  const resources = new AsyncDisposableStack();
  let daemon: Daemon;
  let database: FreshDatabase;
  let valid: Config;

  before(async () => {
    database = resources.use(await freshDatabase(await sharedPostgres(18)));
    await database.run('create table orders (id int primary key); insert into orders values (1)');
    valid = connectorOf(database.url);
    daemon = resources.use(await startDaemon({}));
  });
  after(() => resources.disposeAsync());

  const post = (config: Config, name = 'wrong') => ask(daemon, 'POST', '/connectors', { name, config });
  const refused = async (config: Config) => {
    const message = errorMessage(await post({ ...valid, ...config }), 400);
    assert.deepEqual((await ask(daemon, 'GET', '/connectors')).body, [], 'nothing was made');
    return message;
  };

  test('an unknown class, with the nearest known name', async () => {
    const message = await refused({ 'connector.class': 'io.debezium.connector.postgresql.PostgreConnector' });
    assert.match(message, /Failed to find any class that implements Connector and which name matches .*PostgreConnector/);
    assert.match(message, /did you mean 'io\.debezium\.connector\.postgresql\.PostgresConnector'/);
  });

  test('an unknown transform, with the nearest known name', async () => {
    const message = await refused({ transforms: 'u', 'transforms.u.type': 'io.debezium.transforms.ExtractNewRecordStat' });
    assert.match(message, /transforms\.u\.type/);
    assert.match(message, /did you mean 'io\.debezium\.transforms\.ExtractNewRecordState'/);
  });

  test('an unknown predicate and an unknown converter, with their nearest known names', async () => {
    const message = await refused({
      transforms: 'f',
      'transforms.f.type': 'org.apache.kafka.connect.transforms.Filter',
      'transforms.f.predicate': 'p',
      predicates: 'p',
      'predicates.p.type': 'org.apache.kafka.connect.transforms.predicates.RecordIsTombston',
      'value.converter': 'org.apache.kafka.connect.json.JsonConvertor',
    });
    assert.match(message, /did you mean 'org\.apache\.kafka\.connect\.transforms\.predicates\.RecordIsTombstone'/);
    assert.match(message, /did you mean 'org\.apache\.kafka\.connect\.json\.JsonConverter'/);
  });

  test('an option that is known and not supported, by its name and with what to do instead', async () => {
    const message = await refused({ 'plugin.name': 'wal2json', 'openlineage.integration.enabled': 'true', converters: 'x' });
    assert.match(message, /contains the following 3 error\(s\)/);
    assert.match(message, /plugin\.name: .*only pgoutput/);
    assert.match(message, /The option 'openlineage\.integration\.enabled' is not supported: OpenLineage/);
    assert.match(message, /The option 'converters' is not supported/);
  });

  test('a wrong type and a value out of its range, all at once and without the password', async () => {
    const message = await refused({
      'database.password': 's3cret-of-the-test',
      'database.port': 'many',
      'tombstones.on.delete': 'yes',
      'snapshot.mode': 'initially',
      'max.batch.size': '0',
    });
    assert.match(message, /Invalid value many for configuration database\.port: Not a number of type INT/);
    assert.match(message, /tombstones\.on\.delete: Expected value to be either true or false/);
    assert.match(message, /snapshot\.mode: .*did you mean "initial"/);
    assert.match(message, /max\.batch\.size: Value must be at least 1/);
    assert.doesNotMatch(message, /s3cret-of-the-test/);
  });

  test('a regular expression that does not compile, in a list and in a transform', async () => {
    const message = await refused({
      'table.include.list': 'public.(orders',
      transforms: 'route',
      'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
      'transforms.route.regex': '*',
      'transforms.route.replacement': 'x',
    });
    assert.match(message, /table\.include\.list: The pattern 'public\.\(orders' is not a regular expression/);
    assert.match(message, /transforms\.route\.regex/);
  });

  test('an unknown option is taken with a warning: on validate, in the answer, on /sluice and in the log', async () => {
    const config = { ...valid, name: 'warned', 'table.inclde.list': 'public.orders' };
    const warning = /Unknown option 'table\.inclde\.list' has no effect; did you mean 'table\.include\.list'\?/;
    const validated = await ask(daemon, 'PUT', '/connector-plugins/PostgresConnector/config/validate', config);
    assert.equal(validated.status, 200);
    assert.equal((validated.body as { error_count: number }).error_count, 0);
    assert.match(validated.headers.get('warning') ?? '', warning);
    const made = await post(config, 'warned');
    assert.equal(made.status, 201);
    assert.match(made.headers.get('warning') ?? '', warning);
    await until(async () => (await progressOf(daemon, 'warned'))?.phase === 'streaming', { what: 'the connector to stream' });
    const { body } = await ask(daemon, 'GET', '/sluice/connectors/warned');
    assert.match((body as { warnings: string[] }).warnings.join('\n'), warning);
    assert.match(await readFile(daemon.logFile, 'utf8'), warning);
    assert.equal((await ask(daemon, 'DELETE', '/connectors/warned')).status, 204);
  });

  test('a body that is no JSON, says where, and shows nothing of it', async () => {
    const message = errorMessage(
      await ask(daemon, 'POST', '/connectors', '{"name": "x",\n "config": {"database.password": hunter2}}'),
      400,
    );
    assert.match(message, /not valid JSON at line 2/);
    assert.doesNotMatch(message, /hunter2/);
  });

  test('a body that is JSON and no connector', async () => {
    for (const body of ['', '[]', 'null', '"x"', '{"name": "x", "config": []}', '{"name": "x", "config": {"a": {"b": "c"}}}'])
      assert.notEqual(errorMessage(await ask(daemon, 'POST', '/connectors', body), 400), '');
  });

  test('a body of megabytes is refused, whether it says its length or not', async () => {
    const huge = JSON.stringify({ name: 'x', config: { filler: 'x'.repeat(8 * 1024 * 1024) } });
    assert.match(errorMessage(await ask(daemon, 'POST', '/connectors', huge), 413), /larger than 1048576 bytes/);
    const chunks = async function* () {
      for (let at = 0; at < huge.length; at += 65_536) yield Buffer.from(huge.slice(at, at + 65_536));
    };
    const streamed = await fetch(`${daemon.url}/connectors`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: ReadableStream.from(chunks()),
      duplex: 'half',
    });
    assert.equal(streamed.status, 413);
    assert.match(((await streamed.json()) as { message: string }).message, /larger than 1048576 bytes/);
    assert.equal((await ask(daemon, 'GET', '/connectors')).status, 200, 'it still answers');
  });
});
