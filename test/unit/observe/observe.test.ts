import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LogLevels } from '../../../src/observe/log-levels.ts';
import { createLogging } from '../../../src/observe/logging.ts';
import { maskConnectionStrings, namesSecret } from '../../../src/observe/secret-names.ts';

describe('names of secrets', () => {
  const secrets =
    'database.password password sasl.jaas.config producer.override.sasl.jaas.config ssl.key.password ssl.keystore.key api.key api_key accessToken.secret aws.secret.access.key basic.auth.user.info client-secret my.token';
  const others =
    'key.converter message.key.columns table.field.event.key topic.prefix transforms.a.field.name sasl.oauthbearer.token.endpoint.url ssl.keystore.location credentials.file slot.name tokens.max.ms';
  for (const name of secrets.split(' ')) test(`hold ${name}`, () => assert.equal(namesSecret(name), true));
  for (const name of others.split(' ')) test(`do not hold ${name}`, () => assert.equal(namesSecret(name), false));

  test('connection strings lose their password only', () => {
    assert.equal(maskConnectionStrings('mongodb://u:p%40ss@h:1,h2/?x=1'), 'mongodb://u:********@h:1,h2/?x=1');
    assert.equal(maskConnectionStrings('http://h:1/a@b'), 'http://h:1/a@b');
  });
});

describe('log levels', () => {
  test('hold for a logger and all below it', () => {
    const levels = new LogLevels('info', () => 5);
    for (const name of ['sluice.rest', 'sluice.connector.a', 'sluice.connector.b', 'sluice.connectors']) levels.register(name);
    assert.deepEqual(levels.set('sluice.connector', 'debug'), ['sluice.connector', 'sluice.connector.a', 'sluice.connector.b']);
    assert.deepEqual(levels.level('sluice.connector.a'), { level: 'DEBUG', last_modified: 5 });
    assert.deepEqual(levels.level('sluice.connectors'), { level: 'INFO', last_modified: null });
    assert.equal(levels.level('nope'), null);
    assert.deepEqual(levels.set('sluice.connector', 'DEBUG'), []);
  });

  test('of the root hold for everything', () => {
    const levels = new LogLevels('info', () => 5);
    levels.register('sluice.rest');
    levels.set('sluice.rest', 'trace');
    assert.deepEqual(levels.set('root', 'error'), ['root', 'sluice.rest']);
    assert.equal(levels.threshold('sluice.rest'), 50);
  });
});

describe('loggers', () => {
  function logging(pretty: boolean) {
    const lines: string[] = [];
    const made = createLogging({
      level: 'info',
      pretty,
      color: false,
      destination: { write: line => lines.push(line) },
      nowMs: () => 1_700_000_000_000,
    });
    return { ...made, lines };
  }

  test('write JSON lines with their name and fields, secrets masked', () => {
    const { logger, lines } = logging(false);
    logger('sluice.x', { connector: 'c' }).info({ config: { 'database.password': 'geheim', port: 1 }, lsn: 5n }, 'hello');
    assert.deepEqual(JSON.parse(lines[0]!), {
      level: 30,
      time: 1_700_000_000_000,
      logger: 'sluice.x',
      connector: 'c',
      config: { 'database.password': '********', port: 1 },
      lsn: '5',
      msg: 'hello',
    });
  });

  test('heed a level that is changed while they live', () => {
    const { logger, levels, lines } = logging(false);
    const child = logger('sluice.x').child({ task: 0 });
    child.debug({}, 'unheard');
    levels.set('sluice', 'debug');
    child.debug({}, 'heard');
    levels.set('sluice', 'off');
    child.error({}, 'unheard');
    assert.deepEqual(
      lines.map(line => JSON.parse(line).msg),
      ['heard'],
    );
  });

  test('write lines for a person where one looks', () => {
    const { logger, lines } = logging(true);
    logger('sluice.x', { connector: 'orders' }).child({ task: 0 }).warn({ attempts: 2 }, 'tried again');
    assert.equal(lines[0], '22:13:20.000 warn  [orders/0] tried again  attempts=2\n');
  });
});
