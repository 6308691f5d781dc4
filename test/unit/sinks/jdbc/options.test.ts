import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jdbcSpec } from '../../../../sinks/jdbc/options.ts';
import { readTargetUrl } from '../../../../sinks/sql/target-url.ts';

const url = { 'connection.url': 'jdbc:postgresql://db.example:6432/shop?sslmode=require', 'connection.username': 'sluice' };
const faultsOf = (config: Record<string, string>) =>
  jdbcSpec.parse({ ...url, ...config }).faults.map(({ option, message }) => `${option}: ${message}`);

test('JDBC URLs', () => {
  const { config } = jdbcSpec.parse({ ...url, 'connection.password': 'secret' });
  assert.ok(config?.address.kind === 'postgres');
  const { host, port, database, user, password, sslMode } = config.address;
  assert.deepEqual([host, port, database, user, password, sslMode], ['db.example', 6432, 'shop', 'sluice', 'secret', 'require']);
  assert.deepEqual(readTargetUrl('jdbc:sqlite:/var/lib/shop.db'), { kind: 'sqlite', file: '/var/lib/shop.db' });
  for (const [text, message] of [
    ['jdbc:mysql://localhost/shop', /kind mysql are not supported/],
    ['jdbc:postgresql://a,b/shop', /no URL|several hosts/],
    ['jdbc:postgresql://a/shop?targetServerType=primary', /parameter targetServerType is not supported/],
    ['jdbc:sqlite::memory:', /names no file/],
    ['localhost', /must begin with/],
  ] as const)
    assert.throws(() => readTargetUrl(text), message, text);
});

test('a faulty URL is not shown: it may hold a password', () => {
  const [fault] = jdbcSpec.parse({ 'connection.url': 'jdbc:oracle:thin:scott/tiger@db' }).faults;
  assert.match(fault!.message, /\[hidden\]/);
  assert.doesNotMatch(fault!.message, /tiger/);
});

test('what does not go together is refused, all at once', () => {
  assert.deepEqual(faultsOf({ 'insert.mode': 'upsert', 'delete.enabled': 'true' }), [
    'delete.enabled: When delete.enabled is true, primary.key.mode must be record_key.',
    'primary.key.mode: insert.mode=upsert needs primary.key.mode record_key, record_value or record_header.',
  ]);
  assert.match(faultsOf({ 'primary.key.mode': 'record_value' })[0]!, /needs the fields/);
  assert.match(faultsOf({ 'collection.name.format': '${table}' })[0]!, /not \$\{table\}/);
  assert.match(faultsOf({ 'collection.name.format': '${source.tabel}' })[0]!, /did you mean \$\{source\.table\}/);
});

test('options of Debezium that have no meaning here are refused by name, older names are taken', () => {
  for (const option of [
    'flush.max.retries',
    'connection.pool.max_size',
    'column.naming.strategy',
    'use.time.zone',
    'dialect.sqlserver.identity.insert',
  ])
    assert.match(faultsOf({ [option]: '1' })[0]!, new RegExp(`^${option}: The option '${option}' is not supported: `));
  assert.deepEqual(jdbcSpec.parse({ ...url, 'table.name.format': 'copy_${topic}' }).config?.collectionNameFormat, 'copy_${topic}');
});
