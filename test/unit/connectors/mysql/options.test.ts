import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mariadbSpec, mysqlSpec } from '../../../../connectors/mysql/options.ts';
import { documentedOptions } from './documented-options.ts';

const minimal = {
  'database.hostname': 'db',
  'database.user': 'u',
  'database.password': 'hunter2',
  'database.server.id': '5401',
  'topic.prefix': 'srv',
};
const specs = [
  ['MySQL', mysqlSpec],
  ['MariaDB', mariadbSpec],
] as const;

function configOf(options: Readonly<Record<string, string>>, spec = mysqlSpec) {
  const { config, faults } = spec.parse({ ...minimal, ...options });
  assert.deepEqual(faults, []);
  assert.ok(config);
  return config;
}

function faultsOf(options: Readonly<Record<string, string>>, spec = mysqlSpec) {
  return spec.parse({ ...minimal, ...options }).faults.map(({ option, message }) => `${option}: ${message}`);
}

for (const [name, spec] of specs) {
  test(`every option that Debezium’s ${name} connector knows is read, or refused by name`, () => {
    const names = new Set(Object.entries(spec.options).flatMap(([option, { aliases }]) => [option, ...aliases]));
    const known = (option: string) => names.has(option) || spec.patterns.some(({ pattern }) => pattern.test(option));
    assert.deepEqual(
      documentedOptions.filter(option => !known(option)),
      [],
    );
  });

  test(`no option of ${name} is known under two names that mean different options, and each has a text about it`, () => {
    const names = Object.entries(spec.options).flatMap(([option, { aliases }]) => [option, ...aliases]);
    assert.deepEqual(names, [...new Set(names)]);
    const poor = Object.entries(spec.options).filter(([, { doc }]) => doc.length < 20);
    assert.deepEqual(poor, []);
  });
}

test('defaults are Debezium’s', async () => {
  const { settings, values, shared } = configOf({});
  assert.deepEqual(await settings.connection(), {
    hostname: 'db',
    port: 3306,
    user: 'u',
    password: 'hunter2',
    tls: { mode: 'preferred', ca: null, cert: null, key: null, passphrase: null },
    connectTimeoutMs: 30_000,
    tcpKeepAlive: true,
    initialStatements: [],
  });
  assert.equal(settings.serverHeartbeatMs, 48_000);
  assert.equal(settings.snapshot.locking, 'minimal');
  assert.equal(settings.snapshot.lockTimeoutMs, 10_000);
  assert.deepEqual(settings.history, {
    topic: 'schemahistory.srv',
    quietUnreadable: false,
    onlyCapturedTables: false,
    onlyCapturedDatabases: false,
    published: true,
    comments: false,
  });
  assert.equal(shared.snapshot.mode, 'initial');
  assert.equal(values.timePrecisionMode, 'adaptive_time_microseconds');
  assert.equal(values.bigintUnsignedHandlingMode, 'long');
  assert.equal((await configOf({}, mariadbSpec).settings.connection()).tls.mode, 'disabled');
});

test('older names are read', () => {
  const config = configOf({
    'snapshot.mode': 'schema_only',
    'database.whitelist': 'shop',
    'database.history.kafka.topic': 'history',
    'database.history.store.only.monitored.tables.ddl': 'true',
  });
  assert.equal(config.shared.snapshot.mode, 'no_data');
  assert.equal(config.filters.includesTable({ catalog: 'shop', schema: '', table: 't' }), true);
  assert.equal(config.filters.includesTable({ catalog: 'other', schema: '', table: 't' }), false);
  assert.deepEqual([config.settings.history.topic, config.settings.history.onlyCapturedTables], ['history', true]);
  assert.equal(configOf({ 'snapshot.mode': 'schema_only_recovery' }).settings.recoversSchema, true);
});

test('values that are not supported are refused with the reason, whole options too', () => {
  const faults = faultsOf({
    'time.precision.mode': 'adaptive',
    'snapshot.locking.mode': 'minimal_percona',
    'snapshot.mode': 'never',
    'binlog.buffer.size': '100',
    'signal.enabled.channels': 'jmx',
    'schema.include.list': 'public',
  });
  assert.equal(faults.length, 6, faults.join('\n'));
  for (const fault of faults) assert.match(fault, /not supported|must be one of/i);
});

test('what does not go together is a fault, what has no effect a warning', () => {
  assert.deepEqual(faultsOf({ 'gtid.source.includes': 'a', 'gtid.source.excludes': 'b' }), [
    'gtid.source.excludes: "gtid.source.includes" is already specified; set one of the two.',
  ]);
  assert.deepEqual(faultsOf({ 'database.include.list': 'a', 'database.exclude.list': 'b' }), [
    'database.exclude.list: "database.include.list" is already specified; set one of the two.',
  ]);
  const { warnings, faults } = mysqlSpec.parse({
    ...minimal,
    'min.row.count.to.stream.results': '1000',
    'schema.history.internal.kafka.bootstrap.servers': 'kafka:9092',
    'database.inclde.list': 'shop',
  });
  assert.deepEqual(faults, []);
  const told = warnings.map(({ option, message }) => `${option}: ${message}`).join('\n');
  assert.match(told, /min\.row\.count\.to\.stream\.results: .*has no effect/);
  assert.match(told, /schema\.history\.internal\.kafka\.bootstrap\.servers: .*not used/);
  assert.match(told, /did you mean 'database\.include\.list'/);
});

test('GTID sources pass by Java’s expressions over UUIDs, or MariaDB’s domain and server', () => {
  const included = configOf({ 'gtid.source.includes': '8b833862-.*' }).settings.gtidSource!;
  assert.deepEqual([included('8b833862-e6aa-11f1-9f77-02fc00000001'), included('other')], [true, false]);
  const excluded = configOf({ 'gtid.source.excludes': '0-2' }, mariadbSpec).settings.gtidSource!;
  assert.deepEqual([excluded('0-1'), excluded('0-2')], [true, false]);
});

test('the required options are named, all at once', () => {
  const { faults } = mysqlSpec.parse({});
  assert.deepEqual(faults.map(({ option }) => option).sort(), ['database.hostname', 'database.server.id', 'database.user', 'topic.prefix']);
});
