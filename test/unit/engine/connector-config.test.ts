import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resolveConnector } from '../../../src/engine/connector/connector-config.ts';
import { parseOverrides } from '../../../src/engine/connector/connector-overrides.ts';
import { shownConfig, unmasked } from '../../../src/engine/connector/connector-secrets.ts';
import { parseTopicCreation } from '../../../src/engine/connector/connector-topics.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { Script, scriptedClass } from './scripted-source.ts';
import { config, resolvingWith } from './supervised.ts';

const clock = { nowMs: () => 0, nowNs: () => 0n };

describe('a connector’s config', () => {
  test('that is valid gives the plan of a task', async () => {
    const script = new Script();
    const given = config({
      name: 'c',
      transforms: 'route',
      'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
      'transforms.route.regex': '(.*)',
      'transforms.route.replacement': 'x-$1',
      'errors.tolerance': 'all',
      'errors.max.retries': '3',
      'topic.creation.default.partitions': '3',
      'topic.creation.default.replication.factor': '-1',
      'producer.override.linger.ms': '5',
    });
    const { plan, faults, type } = await resolveConnector(given, resolvingWith(script));
    assert.deepEqual([faults, type], [[], 'source']);
    assert.deepEqual(plan!.retry, { attemptsMax: 3, delayMsMax: 10_000 });
    const observer = { started() {}, retrying() {}, durable() {}, filtered() {}, skipped() {}, consuming() {}, deadLettered() {} };
    const services = { log: null as never, logger: silentLogger, clock, observer, pause: async () => {}, random: () => 0 };
    const task = plan!.createTask(0, services);
    assert.ok('source' in task);
    const record = {
      topic: 't',
      partition: null,
      timestamp: null,
      keySchema: null,
      key: null,
      valueSchema: null,
      value: null,
      headers: [],
    };
    assert.equal(task.transform!(record)!.topic, 'x-t');
    assert.deepEqual(task.topicSpec('t'), { topic: 't', partitions: 3, replicationFactor: -1, configs: {} });
    assert.deepEqual(task.errors, { tolerance: 'all', logEnable: false, logIncludeMessages: false });
    assert.deepEqual(task.writer, { producerOverrides: { 'linger.ms': '5' }, transactional: true });
    assert.deepEqual(script.lastMade, {
      hostname: 'h',
      port: 5432,
      mode: 'initial',
      pass: null,
      'errors.max.retries': 3,
      'old.option': null,
    });
  });

  test('tells all faults of all its parts at once', async () => {
    const { faults, plan } = await resolveConnector(
      {
        'connector.class': scriptedClass,
        port: 'x',
        mode: 'intial',
        'tasks.max': '0',
        'old.option': 'y',
        'errors.tolerance': 'some',
        'key.converter': 'jsonn',
        transforms: 'a,b',
        'transforms.a.type': 'RegexRoute',
        'transforms.b.type': 'org.apache.kafka.connect.transforms.RegexRouter',
        'transforms.b.regex': '(',
        'transforms.b.replacement': 'x',
        'topic.creation.default.partitions': '0',
        'consumer.override.x': '1',
        nothing: null,
      },
      resolvingWith(new Script()),
    );
    assert.equal(plan, null);
    const text = faults.map(({ option, message }) => `${option} | ${message}`).join('\n');
    for (const expected of [
      /^name \| Missing required configuration "name"/m,
      /^hostname \| Missing required/m,
      /^port \| Invalid value x for configuration port: Not a number of type INT/m,
      /^mode \| .*did you mean "initial"/m,
      /^tasks\.max \| .*at least 1/m,
      /^old\.option \| .*not supported: nobody needs it/m,
      /^errors\.tolerance \|/m,
      /^key\.converter \| .*did you mean 'json'/m,
      /^transforms\.a\.type \| .*RegexRoute/m,
      /^transforms\.b\.regex \|/m,
      /^topic\.creation\.default\.partitions \|/m,
      /^topic\.creation\.default\.replication\.factor \| Missing/m,
      /^consumer\.override\.x \| .*not supported/m,
      /^nothing \| Null value/m,
    ])
      assert.match(text, expected);
    assert.equal(faults.length, 14, text);
  });

  test('of a class there is not is refused with the nearest', async () => {
    await assert.rejects(resolveConnector({ 'connector.class': 'ScriptdConnector' }, resolvingWith(new Script())), {
      code: 'BAD_REQUEST',
      message: /which name matches ScriptdConnector; did you mean/,
    });
    await assert.rejects(resolveConnector({}, resolvingWith(new Script())), { code: 'BAD_REQUEST', message: /contains no connector type/ });
    for (const alias of ['Scripted', 'ScriptedConnector', 'scripted'])
      assert.equal(
        (await resolveConnector(config({ name: 'c', 'connector.class': alias }), resolvingWith(new Script()))).class,
        scriptedClass,
      );
  });

  test('warns of unknown options with the nearest name of any part', async () => {
    const { warnings, faults } = await resolveConnector(
      config({
        name: 'c',
        hostnam: 'x',
        'task.max': '1',
        'value.converter.schemas.enable': 'true',
        'topic.creation.gruop.partitions': '1',
        'topic.creation.groups': 'group',
        'topic.creation.default.partitions': '1',
        'topic.creation.default.replication.factor': '1',
      }),
      resolvingWith(new Script()),
    );
    assert.deepEqual(faults, []);
    const of = (option: string) => warnings.find(warning => warning.option === option)?.message ?? '';
    assert.match(of('hostnam'), /did you mean 'hostname'/);
    assert.match(of('task.max'), /did you mean 'tasks\.max'/);
    assert.match(of('value.converter.schemas.enable'), /without 'value\.converter' the worker's converter is used/);
    assert.match(of('topic.creation.gruop.partitions'), /did you mean 'group'/);
  });

  test('never shows what a placeholder stood for, or a literal secret', async () => {
    const secrets = { PORT: 'geheim-port', PASS: 'geheim-pass' };
    const { faults, states } = await resolveConnector(
      config({ name: 'c', port: `\${env:PORT}`, pass: `\${env:PASS}`, mode: `x\${env:PASS}` }),
      resolvingWith(new Script(), {}, secrets),
    );
    assert.equal(faults.length, 2);
    assert.doesNotMatch(JSON.stringify([faults, states.map(({ value, errors }) => [value, errors])]), /geheim/);
    assert.match(faults[0]!.message, /Invalid value \$\{env:PORT\} for configuration port/);
    const literal = await resolveConnector(config({ name: 'c', pass: 'geheim' }), resolvingWith(new Script()));
    assert.equal(literal.states.find(({ name }) => name === 'pass')!.value, '********');
  });

  test('that a provider cannot fill is at fault in that one way only', async () => {
    const { faults } = await resolveConnector(config({ name: 'c', port: `\${env:MISSING}` }), resolvingWith(new Script()));
    assert.deepEqual(
      faults.map(({ option }) => option),
      ['port'],
    );
  });

  test('that requires exactly once needs a worker that has it', async () => {
    const given = config({ name: 'c', 'exactly.once.support': 'required' });
    assert.deepEqual((await resolveConnector(given, resolvingWith(new Script()))).faults, []);
    const { faults } = await resolveConnector(given, resolvingWith(new Script(), { exactlyOnce: false }));
    assert.match(faults[0]!.message, /does not have exactly-once source support enabled/);
  });
});

describe('secrets in configs', () => {
  const isPassword = (name: string) => name === 'pass';
  const stored = {
    pass: 'a',
    'my.secret': 'b',
    url: 'pg://u:p@h',
    plain: 'c',
    held: `\${file:/x:y}`,
    mixed: `x\${env:Y}`,
    'key.converter': 'json',
  };

  test('are masked when they are literal', () => {
    assert.deepEqual(shownConfig({ ...stored, 'my.secret': `\${env:Y}` }, isPassword), {
      ...stored,
      pass: '********',
      'my.secret': `\${env:Y}`,
      url: 'pg://u:********@h',
    });
  });

  test('come back as they are stored', () => {
    assert.deepEqual(unmasked({ ...shownConfig(stored, isPassword), plain: 'd' }, stored, isPassword), { ...stored, plain: 'd' });
  });

  test('cannot be made of a mask', () => {
    for (const submitted of [{ pass: '********' }, { 'my.secret': '********' }, { url: 'pg://u:********@other' }])
      assert.throws(() => unmasked(submitted as Record<string, string>, null, isPassword), {
        code: 'BAD_REQUEST',
        message: /is the mask that stands for a secret/,
      });
    assert.throws(() => unmasked({ url: 'pg://u:********@other' }, stored, isPassword), { code: 'BAD_REQUEST' });
    assert.deepEqual(unmasked({ plain: '********' }, null, isPassword), { plain: '********' });
  });
});

describe('topic creation', () => {
  const raw = {
    'topic.creation.default.partitions': '2',
    'topic.creation.default.replication.factor': '1',
    'topic.creation.default.cleanup.policy': 'compact',
    'topic.creation.a.include': 'srv\\.public\\..*, other',
    'topic.creation.a.exclude': '.*\\.secret',
    'topic.creation.a.partitions': '5',
    'topic.creation.b.include': '.*',
    'topic.creation.b.retention.ms': '10',
  };

  test('takes the first group that includes a topic and does not exclude it', () => {
    const { topicSpec, faults } = parseTopicCreation(raw, ['a', 'b']);
    assert.deepEqual(faults, []);
    assert.deepEqual(topicSpec('srv.public.x'), { topic: 'srv.public.x', partitions: 5, replicationFactor: 1, configs: {} });
    assert.deepEqual(topicSpec('srv.public.secret'), {
      topic: 'srv.public.secret',
      partitions: 2,
      replicationFactor: 1,
      configs: { 'retention.ms': '10' },
    });
  });

  test('matches whole names, by Java’s expressions, and falls back to the default group', () => {
    const { topicSpec } = parseTopicCreation(raw, ['a']);
    assert.deepEqual(topicSpec('another').configs, { 'cleanup.policy': 'compact' });
    assert.equal(topicSpec('other').partitions, 5);
  });

  test('without any option leaves everything to the log', () => {
    assert.deepEqual(parseTopicCreation({}, []).topicSpec('x'), { topic: 'x', partitions: -1, replicationFactor: -1, configs: {} });
  });

  test('names expressions that do not compile and topic configs that Kafka does not have', () => {
    const { faults, warnings } = parseTopicCreation({ ...raw, 'topic.creation.a.include': '(', 'topic.creation.a.retention.mss': '1' }, [
      'a',
    ]);
    assert.match(faults[0]!.message, /Syntax error in regular expression/);
    assert.match(warnings.find(({ option }) => option.endsWith('mss'))!.message, /did you mean 'retention\.ms'/);
  });
});

describe('producer overrides', () => {
  const raw = { 'producer.override.linger.ms': '1', 'producer.override.sasl.jaas.config': 'x' };

  test('follow the worker’s policy', () => {
    assert.deepEqual(parseOverrides(raw, 'all', true, () => ({ faults: [], warnings: [] })).overrides, {
      'linger.ms': '1',
      'sasl.jaas.config': 'x',
    });
    assert.equal(parseOverrides(raw, 'none', true, null).faults.length, 2);
    assert.deepEqual(
      parseOverrides(raw, 'principal', true, null).faults.map(({ option }) => option),
      ['producer.override.linger.ms'],
    );
  });

  test('have no effect on the embedded log, and that is said', () => {
    assert.match(parseOverrides(raw, 'all', true, null).warnings[0]!.message, /embedded log has no producer/);
  });
});
