import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgresSpec } from '../../../../connectors/postgres/options.ts';
import { caseNames, readCase } from '../../../conformance/case.ts';
import { documentedOptions } from './documented-options.ts';

const connection = { 'database.hostname': 'db', 'database.user': 'u', 'database.password': 'hunter2', 'database.dbname': 'd' };
const minimal = { ...connection, 'topic.prefix': 'srv' };

/** What belongs to Kafka Connect, transforms and converters. */
const foreign = (name: string) =>
  /^(?:connector\.class|tasks\.max|(?:transforms|predicates|topic\.creation|(?:key|value|header)\.converter)(?:\.|$))/.test(name);

function configOf(options: Readonly<Record<string, string>>) {
  const { config, faults } = postgresSpec.parse({ ...minimal, ...options }, foreign);
  assert.deepEqual(faults, []);
  assert.ok(config);
  return config;
}

function faultsOf(options: Readonly<Record<string, string>>) {
  return postgresSpec.parse({ ...minimal, ...options }, foreign).faults;
}

test('every documented option is known: read, or refused by name', () => {
  const known = (name: string) => name in postgresSpec.options || postgresSpec.patterns.some(({ pattern }) => pattern.test(name));
  assert.deepEqual(
    documentedOptions.filter(name => !known(name)),
    [],
  );
});

test('no option is known under two names that mean different options', () => {
  const names = Object.entries(postgresSpec.options).flatMap(([name, { aliases }]) => [name, ...aliases]);
  assert.deepEqual(names, [...new Set(names)]);
});

test('every option has a text about it', () => {
  const poor = Object.entries(postgresSpec.options).filter(
    ([, { doc, displayName, unsupported }]) => doc.length < 20 || (unsupported === null && displayName === ''),
  );
  assert.deepEqual(poor, []);
});

test('defaults are Debezium’s', () => {
  const config = configOf({});
  assert.equal(config.settings.slot.name, 'debezium');
  assert.deepEqual(config.settings.publication, {
    name: 'dbz_publication',
    autocreateMode: 'all_tables',
    publishViaPartitionRoot: false,
    operations: ['insert', 'update', 'delete'],
    publish: null,
  });
  assert.equal(config.settings.slot.retriesMax, 6);
  assert.equal(config.settings.slot.retryDelayMs, 10_000);
  assert.equal(config.settings.connection.port, 5432);
  assert.equal(config.settings.connection.sslMode, 'prefer');
  assert.equal(config.settings.batchRecordsMax, 2048);
  assert.equal(config.settings.stream.statusIntervalMs, 10_000);
  assert.equal(config.shared.snapshot.mode, 'initial');
  assert.equal(config.shared.heartbeat.intervalMs, 0);
  assert.deepEqual(config.shared.records.skippedOperations, new Set(['t']));
  assert.deepEqual(config.values, {
    decimalHandlingMode: 'precise',
    conversionFailureMode: 'warn',
    timePrecisionMode: 'adaptive',
    intervalHandlingMode: 'numeric',
    binaryHandlingMode: 'bytes',
    hstoreHandlingMode: 'json',
    moneyFractionDigits: 2,
    includeUnknownDatatypes: false,
    unavailableValuePlaceholder: '__debezium_unavailable_value',
  });
});

for (const name of caseNames().filter(name => name.startsWith('pg-'))) {
  test(`the config of the case ${name} is taken as it is, by its own names and by 1.x’s`, () => {
    const { 'topic.prefix': prefix = 'srv', ...config } = readCase(name).config;
    const parsed = postgresSpec.parse({ ...connection, 'database.server.name': prefix, ...config }, foreign);
    assert.deepEqual(parsed.faults, []);
    assert.equal(parsed.config?.settings.topicPrefix, prefix);
    const { 'include.schema.changes': _, ...others } = config;
    assert.deepEqual(postgresSpec.parse({ ...minimal, ...others }, foreign).warnings, []);
  });
}

test('include.schema.changes has no effect, which a warning says', () => {
  const { config, warnings } = postgresSpec.parse({ ...minimal, 'include.schema.changes': 'true' });
  assert.ok(config);
  assert.deepEqual(
    warnings.map(({ option }) => option),
    ['include.schema.changes'],
  );
});

test('all faults come at once, each with its option, and none shows a secret', () => {
  const { config, faults } = postgresSpec.parse({
    'database.password': 'hunter2',
    'database.port': 'many',
    'snapshot.mode': 'custom',
    'plugin.name': 'wal2json',
    'slot.name': 'My-Slot',
    'table.include.list': 'a(',
    'table.blacklist': 'b',
    'message.key.columns': 'nothing',
    'column.mask.hash.v2.ROT13.with.salt.S4LT': 'x',
    'column.truncate.to.3.chars': '[',
    'openlineage.integration.enabled': 'true',
    converters: 'y',
    'topic.prefix': 'a b',
    'max.queue.size': '10',
    'decimal.handling.mode': 'presice',
    'unavailable.value.placeholder': 'hex:0',
    'event.processing.failure.handling.mode': 'skip',
  });
  assert.equal(config, null);
  assert.deepEqual(faults.map(({ option }) => option).sort(), [
    'column.mask.hash.v2.ROT13.with.salt.…',
    'column.truncate.to.3.chars',
    'converters',
    'database.dbname',
    'database.hostname',
    'database.port',
    'database.user',
    'decimal.handling.mode',
    'event.processing.failure.handling.mode',
    'max.queue.size',
    'message.key.columns',
    'openlineage.integration.enabled',
    'plugin.name',
    'slot.name',
    'snapshot.mode',
    'table.blacklist',
    'table.include.list',
    'topic.prefix',
    'unavailable.value.placeholder',
  ]);
  assert.doesNotMatch(JSON.stringify(faults), /hunter2|S4LT/);
  assert.match(faults.find(({ option }) => option === 'decimal.handling.mode')?.message ?? '', /did you mean "precise"/);
});

test('what is refused says why', () => {
  for (const [options, reason] of [
    [{ 'plugin.name': 'decoderbufs' }, /only pgoutput/],
    [{ 'snapshot.mode': 'configuration_based' }, /use initial/],
    [{ 'snapshot.mode.configuration.based.snapshot.data': 'true' }, /Use snapshot.mode/],
    [{ 'signal.enabled.channels': 'source,jmx' }, /'jmx' is not supported/],
    [{ 'signal.data.collection': 'signals' }, /schema\.table/],
    [{ 'lsn.flush.mode': 'manual' }, /durable offsets/],
    [{ 'offset.mismatch.strategy': 'trust_slot' }, /when_needed/],
    [{ 'snapshot.isolation.mode': 'read_committed' }, /one view/],
    [{ 'driver.connectTimeout': '5' }, /no JDBC driver/],
    [{ 'source.struct.version': 'v1' }, /version 2/],
    [{ 'database.sslfactory': 'com.example.Factory' }, /Java classes cannot be loaded/],
    [{ 'topic.naming.strategy': 'io.debezium.schema.DefaultTopicNamingStrategy' }, /PREFIX\.schema\.table/],
  ] as const) {
    const faults = faultsOf(options);
    assert.equal(faults.length, 1, JSON.stringify(options));
    assert.equal(faults[0]?.option, Object.keys(options)[0]);
    assert.match(faults[0]?.message ?? '', reason);
  }
});

test('a misspelt option is warned of with the nearest known name', () => {
  const { config, warnings } = postgresSpec.parse({ ...minimal, 'table.inlude.list': 'x' });
  assert.ok(config);
  assert.match(warnings[0]?.message ?? '', /did you mean 'table\.include\.list'/);
});

test('older names of snapshot modes stand for today’s', () => {
  const mode = (name: string) => configOf({ 'snapshot.mode': name }).shared.snapshot.mode;
  assert.deepEqual(['never', 'schema_only', 'exported', 'ALWAYS', 'initial_only'].map(mode), [
    'no_data',
    'no_data',
    'initial',
    'always',
    'initial_only',
  ]);
  assert.equal(configOf({ 'snapshot.mode': 'initial_only' }).settings.streams, false);
  assert.equal(configOf({}).settings.streams, true);
});

test('options of 1.x do what they did then', () => {
  const skipped = (options: Readonly<Record<string, string>>) => [...configOf(options).shared.records.skippedOperations].sort().join('');
  assert.equal(skipped({ 'truncate.handling.mode': 'include' }), '');
  assert.equal(skipped({ 'truncate.handling.mode': 'skip', 'skipped.operations': 'd' }), 'dt');
  assert.equal(skipped({ 'skipped.operations': 'none' }), '');
  assert.equal(configOf({ 'sanitize.field.names': 'true' }).shared.records.fieldNames, 'avro');
  assert.equal(configOf({ 'heartbeat.topics.prefix': 'hb' }).shared.records.topics.heartbeatPrefix, 'hb');
  assert.equal(configOf({ 'toasted.value.placeholder': 'x' }).values.unavailableValuePlaceholder, 'x');
  assert.equal(configOf({ 'slot.drop_on_stop': 'true' }).settings.slot.dropOnStop, true);
});

test('a publication made here tells only of what skipped.operations leaves, where that is given', () => {
  const published = (options: Readonly<Record<string, string>>) => configOf(options).settings.publication.publish;
  assert.equal(published({}), null);
  assert.equal(published({ 'skipped.operations': 'none' }), null);
  assert.deepEqual(published({ 'skipped.operations': 't' }), ['insert', 'update', 'delete']);
  assert.deepEqual(published({ 'skipped.operations': 'u,d' }), ['insert', 'truncate']);
  assert.deepEqual(configOf({ 'skipped.operations': 'u,d' }).settings.publication.operations, ['insert', 'truncate']);
});

test('a statement for a table’s snapshot belongs to a table that is listed', () => {
  const select = 'SELECT * FROM x';
  const { config, warnings } = postgresSpec.parse({
    ...minimal,
    'snapshot.select.statement.overrides': 'public.a,"Odd Schema"."b.c",public.missing',
    'snapshot.select.statement.overrides.public.a': select,
    'snapshot.select.statement.overrides."Odd Schema"."b.c"': 'SELECT 2',
    'snapshot.select.statement.overrides.public.unlisted': 'SELECT 3',
  });
  const override = config?.settings.snapshot.override;
  assert.equal(override?.('public.a'), select);
  assert.equal(override?.('Odd Schema.b.c'), 'SELECT 2');
  assert.equal(override?.('public.unlisted'), null);
  assert.deepEqual(
    warnings.map(({ option }) => option),
    ['snapshot.select.statement.overrides', 'snapshot.select.statement.overrides.public.unlisted'],
  );
});

test('statements and stream parameters are split as Debezium splits them', () => {
  const { settings } = configOf({
    'database.initial.statements': "SET a = 'x;;y'; SET b = 1;",
    'slot.stream.params': "origin=any; add-tables=a'b,c",
  });
  assert.deepEqual(settings.connection.initialStatements, ["SET a = 'x;y'", 'SET b = 1']);
  assert.equal(settings.stream.extraParameters, `"origin" 'any', "add-tables" 'a''b,c'`);
  assert.match(faultsOf({ 'slot.stream.params': 'nothing' })[0]?.message ?? '', /name=value/);
});

test('prefixes of logical decoding messages are included or excluded, not both', () => {
  assert.ok(configOf({ 'message.prefix.include.list': 'out.*' }).includesMessage('outbox'));
  assert.ok(!configOf({ 'message.prefix.include.list': 'out.*' }).includesMessage('note'));
  assert.ok(!configOf({ 'message.prefix.exclude.list': 'note' }).includesMessage('NOTE'));
  assert.ok(configOf({}).includesMessage('any'));
  const both = faultsOf({ 'message.prefix.include.list': 'a', 'message.prefix.exclude.list': 'b' });
  assert.deepEqual(
    both.map(({ option }) => option),
    ['message.prefix.exclude.list'],
  );
});

test('a factory that does not validate overrules verification, and says so', () => {
  const { config, warnings } = postgresSpec.parse({
    ...minimal,
    'database.sslmode': 'verify-full',
    'database.sslfactory': 'org.postgresql.ssl.NonValidatingFactory',
  });
  assert.equal(config?.settings.connection.sslMode, 'require');
  assert.equal(warnings.length, 1);
});

test('heartbeats, bounds and retries are read', () => {
  const { shared } = configOf({
    'heartbeat.interval.ms': '500',
    'heartbeat.action.query': 'select 1',
    'max.batch.size': '10',
    'max.queue.size': '20',
    'max.queue.size.in.bytes': '1000',
    'errors.max.retries': '3',
  });
  assert.deepEqual(shared.heartbeat, { intervalMs: 500, actionQuery: 'select 1' });
  assert.deepEqual(shared.flow, { batchRecordsMax: 10, queueRecordsMax: 20, queueBytesMax: 1000, retriesMax: 3, retryWaitMs: 10_000 });
});
