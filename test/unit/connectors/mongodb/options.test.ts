import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mongoSpec } from '../../../../connectors/mongodb/options.ts';
import type { RawConfig } from '../../../../src/contract/index.ts';

const least: RawConfig = { 'topic.prefix': 'srv', 'mongodb.connection.string': 'mongodb://localhost/?replicaSet=rs0' };

function parsed(options: RawConfig = {}) {
  const { config, faults } = mongoSpec.parse({ ...least, ...options });
  if (!config) throw new Error(faults.map(({ message }) => message).join('\n'));
  return config;
}

const faultsOf = (options: RawConfig) => mongoSpec.parse({ ...least, ...options }).faults;

/** Every option of Debezium 3.6's MongoDbConnectorConfig and CommonConnectorConfig, one example each of those with variable names. */
const documented =
  `binary.handling.mode event.converting.failure.handling.mode legacy.snapshot.max.threads mongodb.task.id capture.mode capture.mode.full.update.type capture.scope capture.start.op.time capture.target collection.exclude.list
  collection.include.list converters cursor.max.await.time.ms cursor.oversize.handling.mode cursor.oversize.skip.threshold cursor.pipeline
  cursor.pipeline.order custom.metric.tags custom.sanitize.pattern database.exclude.list database.include.list errors.max.retries
  event.processing.failure.handling.mode executor.shutdown.timeout.ms extended.headers.enabled field.exclude.list field.name.adjustment.mode
  field.renames filters.match.mode guardrail.collections.limit.action guardrail.collections.max heartbeat.interval.ms
  incremental.snapshot.chunk.size incremental.snapshot.watermarking.strategy json.serialization.mode max.batch.size max.queue.size
  max.queue.size.in.bytes internal.mongodb.allow.offset.invalidation internal.advanced.metrics.enable internal.custom.retriable.exception internal.log.position.check.enable mongodb.authentication.class mongodb.authsource mongodb.connect.timeout.ms
  mongodb.connection.string mongodb.heartbeat.frequency.ms mongodb.password mongodb.poll.interval.ms mongodb.server.selection.timeout.ms
  mongodb.socket.timeout.ms mongodb.ssl.enabled mongodb.ssl.invalid.hostname.allowed mongodb.ssl.keystore mongodb.ssl.keystore.password
  mongodb.ssl.keystore.type mongodb.ssl.truststore mongodb.ssl.truststore.password mongodb.ssl.truststore.type mongodb.user
  notification.enabled.channels notification.sink.topic.name openlineage.integration.enabled poll.interval.ms post.processors
  provide.transaction.metadata query.fetch.size retriable.restart.connector.wait.ms schema.name.adjustment.mode signal.data.collection
  signal.consumer.security.protocol signal.enabled.channels signal.file signal.kafka.bootstrap.servers signal.kafka.groupId signal.kafka.poll.timeout.ms signal.kafka.topic signal.poll.interval.ms skip.messages.without.change skipped.operations
  snapshot.collection.filter.overrides snapshot.collection.filter.overrides.db.c snapshot.delay.ms snapshot.fetch.size
  snapshot.include.collection.list snapshot.max.threads snapshot.mode snapshot.mode.configuration.based.snapshot.data snapshot.mode.custom.name
  sourceinfo.struct.maker statistics.metrics.enabled streaming.delay.ms tombstones.on.delete topic.cache.size topic.delimiter
  topic.heartbeat.prefix topic.naming.strategy topic.prefix topic.transaction transaction.metadata.factory`.split(/\s+/);

describe('Options of the MongoDB connector', () => {
  test('every option that Debezium documents is read, or refused by name', () => {
    const known = (name: string) => name in mongoSpec.options || mongoSpec.patterns.some(({ pattern }) => pattern.test(name));
    assert.deepEqual(
      documented.filter(name => !known(name)),
      [],
    );
  });

  test('the defaults are Debezium’s', () => {
    const { settings, flow, forms } = parsed();
    assert.deepEqual(settings.capture.scope, { kind: 'deployment' });
    assert.equal(settings.capture.fullDocument, 'updateLookup');
    assert.equal(settings.capture.preImages, false);
    assert.equal(settings.capture.oversize, 'fail');
    assert.equal(settings.snapshot.threadsMax, 1);
    assert.equal(flow.batchRecordsMax, 2048);
    assert.deepEqual(forms, { document: { dialect: 'strict', compact: true }, update: { dialect: 'relaxed', compact: false } });
  });

  test('capture modes', () => {
    const modes = (mode: string, type = 'lookup') => {
      const { fullDocument, preImages } = parsed({ 'capture.mode': mode, 'capture.mode.full.update.type': type }).settings.capture;
      return [fullDocument, preImages];
    };
    assert.deepEqual(modes('change_streams'), [null, false]);
    assert.deepEqual(modes('change_streams_update_full', 'post_image'), ['whenAvailable', false]);
    assert.deepEqual(modes('change_streams_with_pre_image'), [null, true]);
    assert.deepEqual(modes('change_streams_update_full_with_pre_image'), ['updateLookup', true]);
  });

  test('what does not go together, or is missing, is told at once', () => {
    const found = faultsOf({
      'capture.scope': 'collection',
      'capture.target': 'database',
      'cursor.oversize.handling.mode': 'skip',
      'database.include.list': 'a',
      'database.exclude.list': 'b',
      'collection.include.list': '(',
      'cursor.pipeline': '{}',
      'field.renames': 'db.c.a',
      'signal.data.collection': 'c',
    }).map(({ option }) => option);
    assert.deepEqual(found.sort(), [
      'capture.target',
      'collection.include.list',
      'cursor.oversize.skip.threshold',
      'cursor.pipeline',
      'database.exclude.list',
      'field.renames',
      'signal.data.collection',
    ]);
  });

  test('the collection of signals is captured whatever the lists say, and has to be streamed', () => {
    const { filters, signals } = parsed({ 'database.include.list': 'shop', 'signal.data.collection': 'ops.a.b' }).settings;
    const included = (database: string, collection: string) => filters.includes({ database, collection });
    assert.deepEqual([included('ops', 'a.b'), included('ops', 'other'), included('shop', 'x')], [true, false, true]);
    assert.deepEqual([filters.includesDatabase('ops'), filters.includesDatabase('other'), signals.table], [true, false, 'ops.a.b']);
    assert.deepEqual(filters.prefilter(), { $or: [{ 'ns.db': { $regex: '^(?:shop)$', $options: 'i' } }, { 'ns.db': 'ops' }] });
    const faults = (options: RawConfig) => faultsOf({ 'signal.data.collection': 'ops.s', ...options }).map(({ option }) => option);
    assert.deepEqual(faults({ 'capture.scope': 'database', 'capture.target': 'shop' }), ['signal.data.collection']);
    assert.deepEqual(faults({ 'capture.scope': 'database', 'capture.target': 'ops' }), []);
    assert.deepEqual(faults({ 'skipped.operations': 'c' }), ['signal.data.collection']);
    assert.deepEqual(faults({ 'skipped.operations': 'c', 'signal.enabled.channels': 'kafka' }), []);
  });

  test('the channel kafka reads the worker’s log: options of a client of its own are warned of', () => {
    const { signals } = parsed({ 'signal.enabled.channels': 'kafka', 'signal.kafka.bootstrap.servers': 'a:1, b:2' }).settings;
    assert.deepEqual(signals.topic, { topic: null, group: 'kafka-signal', servers: ['a:1', 'b:2'], reset: 'earliest' });
    const warned = (options: RawConfig) => mongoSpec.parse({ ...least, ...options }).warnings.map(({ option }) => option);
    assert.deepEqual(warned({ 'signal.enabled.channels': 'kafka', 'signal.consumer.security.protocol': 'SSL' }), [
      'signal.consumer.security.protocol',
    ]);
    assert.deepEqual(warned({ 'signal.kafka.topic': 't' }), ['signal.kafka.topic']);
  });

  test('credentials in the connection string win; neither they nor the string are shown', () => {
    const named = parsed({ 'mongodb.user': 'u', 'mongodb.password': 'p' }).settings.connection.options;
    assert.deepEqual(named.auth, { username: 'u', password: 'p' });
    assert.equal(named.authSource, 'admin');
    const string = 'mongodb://me:secret@localhost/?authSource=other';
    const own = parsed({ 'mongodb.user': 'u', 'mongodb.connection.string': string }).settings.connection.options;
    assert.equal(own.auth, undefined);
    const [fault] = faultsOf({ 'mongodb.connection.string': 'me:secret@localhost' });
    assert.doesNotMatch(fault?.message ?? '', /secret/);
    assert.equal(fault?.option, 'mongodb.connection.string');
    for (const wrong of ['mongodb://me:secret@host:port', 'mongodb://me:sec:ret@host', 'mongodb://me:secret@host/?bogus=1']) {
      const [told] = faultsOf({ 'mongodb.connection.string': wrong });
      assert.equal(told?.option, 'mongodb.connection.string', wrong);
      assert.doesNotMatch(told?.message ?? '', /sec/);
    }
  });

  test('names in lists are patterns in any case, or names as they stand', () => {
    const includes = (options: RawConfig) => {
      const { filters } = parsed(options).settings;
      return ['shop.orders', 'Shop.Orders', 'shop.orders2', 'admin.orders', 'shop.system.views'].map(name => {
        const [database = '', ...rest] = name.split('.');
        return filters.includes({ database, collection: rest.join('.') });
      });
    };
    assert.deepEqual(includes({ 'collection.include.list': 'shop\\.orders' }), [true, true, false, false, false]);
    assert.deepEqual(includes({ 'collection.include.list': 'shop.orders', 'filters.match.mode': 'literal' }), [
      true,
      false,
      false,
      false,
      false,
    ]);
    assert.deepEqual(includes({ 'collection.exclude.list': 'shop\\.orders' }), [false, false, true, false, false]);
  });
});
