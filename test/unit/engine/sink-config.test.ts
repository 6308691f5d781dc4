import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configSpec, options, type PluginOf, type PluginRegistry } from '../../../src/contract/index.ts';
import { resolveConnector } from '../../../src/engine/connector/connector-config.ts';
import { registry } from '../../../src/registry.ts';
import { validationAnswer } from '../../../src/rest/validation.ts';
import { MemoryTarget } from '../../support/memory-target.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { Script } from './scripted-source.ts';
import { resolvingWith } from './supervised.ts';

const memoryClass = 'test.MemorySinkConnector';
const target = new MemoryTarget();
const plugin: PluginOf<'sink'> = {
  spec: configSpec({ options: { where: options.string({ default: 'here', doc: 'Where.', group: 'Memory' }) } }),
  create: () => target.sink(),
};
const withMemory: PluginRegistry = {
  list: () => [...registry.list(), { type: 'sink', class: memoryClass, version: '1' }],
  load: async (type, name) =>
    type === 'sink' && (name === memoryClass || name === 'memory') ? (plugin as PluginOf<typeof type>) : registry.load(type, name),
};

async function resolve(changes: Record<string, string>, policy: 'all' | 'none' = 'all') {
  const resolving = { ...resolvingWith(new Script(), { overridePolicy: policy }), registry: withMemory };
  return resolveConnector({ name: 'm', 'connector.class': 'memory', ...changes }, resolving);
}

const faultsOf = async (changes: Record<string, string>) =>
  (await resolve(changes)).faults.map(({ option, message }) => `${option}: ${message}`);

describe('a sink’s config', () => {
  test('becomes its tasks’ plan', async () => {
    const {
      plan,
      type,
      class: known,
      faults,
    } = await resolve({
      topics: 'a, b, a',
      'tasks.max': '3',
      'errors.tolerance': 'all',
      'errors.retry.delay.max.ms': '1234',
      'errors.deadletterqueue.topic.name': 'dlq',
      'errors.deadletterqueue.context.headers.enable': 'true',
      'sink.batch.max.records': '7',
      'consumer.override.auto.offset.reset': 'latest',
      'consumer.override.max.poll.records': '9',
      'consumer.override.group.id': 'mine',
    });
    assert.deepEqual([faults, type, known, plan?.tasks, plan?.type], [[], 'sink', memoryClass, 3, 'sink']);
    assert.deepEqual(plan?.retry, { attemptsMax: null, delayMsMax: 1234 });
    const observer = { started() {}, retrying() {}, durable() {}, filtered() {}, skipped() {}, consuming() {}, deadLettered() {} };
    const clock = { nowMs: () => 0, nowNs: () => 0n };
    const services = { log: null as never, logger: silentLogger, clock, observer, pause: async () => {}, random: () => 0 };
    const task = plan!.createTask(1, services);
    assert.ok('sink' in task);
    assert.deepEqual(task.consumer, {
      group: 'mine',
      topics: ['a', 'b'],
      reset: 'latest',
      recordsMax: 9,
      bufferBytesMax: 16 * 1024 * 1024,
      // They go before the worker's own consumer.*.
      overrides: { 'auto.offset.reset': 'latest', 'max.poll.records': '9' },
    });
    assert.deepEqual(task.limits, { recordsMax: 7, bytesMax: 4 * 1024 * 1024, lingerMs: 0 });
    assert.deepEqual(task.errors.deadLetters, { topic: 'dlq', replicationFactor: 3, contextHeaders: true, parksLater: false });
    assert.equal(task.classes.value, 'org.apache.kafka.connect.json.JsonConverter');
  });

  test('has a group of its own name and takes a pattern of topics', async () => {
    const { plan } = await resolve({ 'topics.regex': 'shop\\.(a|b)' });
    assert.equal(plan?.sink?.group, 'connect-m');
    assert.ok(plan?.sink?.topics instanceof RegExp);
    assert.equal(plan?.sink?.deadLetters, null);
  });

  test('needs topics or a pattern, and not both, in Connect’s words', async () => {
    const neither = 'Must configure one of topics or topics.regex';
    assert.deepEqual(await faultsOf({}), [`topics: ${neither}`, `topics.regex: ${neither}`]);
    const both = 'topics and topics.regex are mutually exclusive options, but both are set.';
    assert.deepEqual(await faultsOf({ topics: 'a', 'topics.regex': 'b' }), [`topics: ${both}`, `topics.regex: ${both}`]);
    assert.match(
      (await faultsOf({ 'topics.regex': '(' }))[0]!,
      /topics\.regex: Invalid value \( for configuration topics\.regex: Invalid regex/,
    );
  });

  test('does not consume its own dead letters', async () => {
    const name = { 'errors.tolerance': 'all', 'errors.deadletterqueue.topic.name': 'dlq' };
    assert.deepEqual(await faultsOf({ topics: 'a,dlq', ...name }), [
      "topics: The DLQ topic 'dlq' may not be included in the list of topics ('topics=[a, dlq]') consumed by the connector",
    ]);
    assert.deepEqual(await faultsOf({ 'topics.regex': 'd.*', ...name }), [
      "topics.regex: The DLQ topic 'dlq' may not be matched by the regex for the topics ('topics.regex=d.*') consumed by the connector",
    ]);
  });

  test('parks later records only where they can be found again', async () => {
    const later = 'errors.deadletterqueue.later.records';
    assert.deepEqual(await faultsOf({ topics: 'a', [later]: 'park' }), [
      `${later}: Invalid value park for configuration ${later}: it needs errors.tolerance=all and errors.deadletterqueue.topic.name and errors.deadletterqueue.context.headers.enable=true`,
    ]);
  });

  test('says what has no effect', async () => {
    const { warnings } = await resolve({
      topics: 'a',
      'errors.deadletterqueue.topic.name': 'dlq',
      'errors.retry.timeout': '5',
      topicz: 'b',
    });
    assert.deepEqual(
      warnings.map(({ option }) => option),
      ['errors.deadletterqueue.topic.name', 'errors.retry.timeout', 'topicz'],
    );
    assert.match(warnings[2]!.message, /did you mean 'topics'/);
  });

  test('overrides its consumer as far as the worker’s policy lets it, and no admin client', async () => {
    const { faults } = await resolve({ topics: 'a', 'consumer.override.max.poll.records': '5', 'admin.override.x': 'y' }, 'none');
    assert.deepEqual(faults.map(({ option }) => option).sort(), ['admin.override.x', 'consumer.override.max.poll.records']);
  });

  test('is validated as Connect does: its options after the common ones, each with its faults', async () => {
    const answer = validationAnswer(await resolve({ 'tasks.max': 'x' }));
    const of = (name: string) => answer.configs.find(({ value }) => value.name === name);
    assert.deepEqual(of('topics')?.value.errors, ['Must configure one of topics or topics.regex']);
    assert.deepEqual(
      [of('topics')?.definition?.type, of('topics')?.definition?.width, of('topics')?.definition?.order, of('topics')?.definition?.group],
      ['LIST', 'LONG', 4, 'Common'],
    );
    assert.equal(of('errors.deadletterqueue.topic.replication.factor')?.definition?.type, 'SHORT');
    assert.equal(of('topic.creation.groups'), undefined);
    assert.equal(answer.error_count, 3);
  });

  test('what a handler publishes may have converters of its own', async () => {
    const handler = { 'connector.class': 'handler', topics: 'a', 'handler.module': 'x.ts' };
    const strings = { 'key.converter': 'string', 'value.converter': 'string' };
    const own = { 'publish.value.converter': 'json', 'publish.value.converter.schemas.enable': 'false' };
    const { plan, faults, warnings, states } = await resolve({ ...handler, ...strings, ...own });
    assert.deepEqual([faults, warnings], [[], []]);
    assert.equal(states.find(({ name }) => name === 'publish.value.converter.schemas.enable')?.value, 'false');
    const made = plan!.sink!.createBeside({ connector: 'm', task: 0, logger: silentLogger, clock: { nowMs: () => 0, nowNs: () => 0n } });
    await using _sink = made.sink;
    const { publishing, value } = made.conversion;
    assert.equal(Buffer.from(publishing!.value.serialize('t', null, new Map([['a', 1]]))!).toString(), '{"a":1}');
    assert.equal(Buffer.from(publishing!.key.serialize('t', null, 'k')!).toString(), 'k');
    assert.equal(value.deserialize('t', Buffer.from('{"a":1}')).value, '{"a":1}');
    assert.deepEqual(await faultsOf({ ...handler, 'publish.value.converter.schemas.enable': 'false' }), [
      "publish.value.converter.schemas.enable: 'publish.value.converter.schemas.enable' needs 'publish.value.converter', the converter it is an option of.",
    ]);
    const [wrong] = await faultsOf({ ...handler, ...own, 'publish.value.converter.schemas.enable': 'perhaps' });
    assert.match(wrong!, /^publish\.value\.converter\.schemas\.enable: Invalid value perhaps .*publish\.value\.converter\.schemas\.enable/);
    const [unknown] = (await resolve({ topics: 'a', 'publish.value.converter': 'json' })).warnings;
    assert.match(unknown!.message, /Unknown option 'publish\.value\.converter' has no effect/);
  });
});
