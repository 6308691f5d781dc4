import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { type FreshDatabase, freshDatabase } from '../../support/fresh-database.ts';
import { sharedPostgres } from '../../support/servers.ts';
import { exchange, type RestAnswer, type RestScene } from './exchange.ts';
import { normaliseAnswer } from './normalise-answer.ts';
import { type OptionDigest, type PluginDigest, pluginDigest } from './plugin-answers.ts';
import { pluginSteps, steps } from './steps.ts';

const postgresClass = 'io.debezium.connector.postgresql.PostgresConnector';
const configPath = `GET /connector-plugins/${postgresClass}/config`;

type Recording = { readonly answers: Readonly<Record<string, RestAnswer>>; readonly plugins: Readonly<Record<string, PluginDigest>> };
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'answers.json'), 'utf8')) as Recording;

/** Of Connect and Debezium, and not part of Sluice (yet). */
const absentPlugins: readonly RegExp[] = [
  /timescaledb|openlineage|tracing/,
  /Geometry|VectorToJson|EnforceRecordSize|SchemaChangeEventFilter|DecodeLogicalDecodingMessageContent/,
  /io\.debezium\.converters\./,
];

/** Answers that differ on purpose, with the status given here and the reason. */
const otherwise: Readonly<Record<string, { readonly status: number; readonly reason: string }>> = {
  'PATCH /connectors/rest-one/offsets (no partition)': { status: 400, reason: 'Connect stores an offset that nothing can ever read' },
  'GET /connectors/rest-one/status (initially paused)': {
    status: 200,
    reason: 'the paused task is shown; Connect has none before its first start',
  },
};

const oneValue = 'other values are refused, each with the reason, so it is a word of a list';

/** Options whose type or default differs on purpose. */
const otherOptions: Readonly<Record<string, string>> = {
  'plugin.name': 'pgoutput is the only one',
  'lsn.flush.mode': 'the documented default, where Debezium answers none',
  'snapshot.fetch.size': 'the documented default, where Debezium answers none',
  'snapshot.select.statement.overrides': 'a list of tables, as documented',
  'transforms.route.plugin.version': 'there is one version of each transform',
  'heartbeat.topics.prefix': 'an older name of topic.heartbeat.prefix',
  'flush.lsn.source': oneValue,
  'legacy.snapshot.max.threads': oneValue,
  'topic.naming.strategy': oneValue,
  'xmin.fetch.interval.ms': oneValue,
};

/** Names of options with a variable part, which Debezium lists as regular expressions. */
const isPattern = (name: string) => name.includes('(');

function optionFaults(expected: readonly OptionDigest[], got: readonly OptionDigest[]): string[] {
  const ours = new Map(got.map(option => [option.name, option]));
  return expected.flatMap(option => {
    const mine = ours.get(option.name);
    if (isPattern(option.name) || option.name in otherOptions) return [];
    if (!mine?.supported) return []; // refused by name, which the last test holds
    const fields = ['type', 'default'] as const;
    return fields.flatMap(field =>
      (mine[field] ?? '') === (option[field] ?? '') ? [] : `${option.name}: ${field} is ${mine[field]}, in Connect ${option[field]}`,
    );
  });
}

function comparePlugins(expected: PluginDigest, got: PluginDigest): void {
  assert.equal(got.status, expected.status);
  assert.equal(got.errorCode, expected.errorCode);
  const missing = expected.plugins.filter(plugin => !got.plugins.includes(plugin) && !absentPlugins.some(absent => absent.test(plugin)));
  assert.deepEqual(missing, [], 'plugins that are missing');
  assert.deepEqual(optionFaults(expected.options, got.options), []);
  assert.equal(got.validation === null, expected.validation === null);
  if (!expected.validation || !got.validation) return;
  const { names, ...rest } = expected.validation;
  const { names: ours, ...found } = got.validation;
  assert.deepEqual(found, rest);
  const unnamed = names.filter(name => !ours.includes(name) && !isPattern(name) && !refused(name) && !(name in otherOptions));
  assert.deepEqual(unnamed, [], 'options that are not validated');
}

/** Debezium's options that are refused by the beginning of their names, and so are not in the list. */
const refusedFamilies = ['openlineage.', 'snapshot.mode.configuration.based.', 'memory.management.'];
const refused = (name: string) => refusedFamilies.some(family => name.startsWith(family));

describe('REST answers as Kafka Connect 4.1 gives them', () => {
  let daemon: Daemon;
  let database: FreshDatabase;
  let scene: RestScene;

  before(async () => {
    const server = await sharedPostgres(15);
    database = await freshDatabase(server, 'rest_answers');
    await database.run('create table things (id int primary key, name text)');
    scene = { server, database: database.name };
    daemon = await startDaemon({});
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  // One connector's life: the steps depend on each other and run in order.
  for (const step of steps) {
    test(step.name, async () => {
      const expected = recorded.answers[step.name];
      assert.ok(expected, 'recorded; else run test/conformance/rest/record-answers.ts');
      const got = await exchange(daemon.url, step, scene);
      const difference = otherwise[step.name];
      if (difference) {
        assert.equal(got.status, difference.status, difference.reason);
        assert.notDeepEqual(normaliseAnswer(got, 'exact'), normaliseAnswer(expected, 'exact'), 'the same by now: take it off the list');
        return;
      }
      const shown = JSON.stringify(got.body)?.slice(0, 500);
      assert.deepEqual(normaliseAnswer(got, step.compare), normaliseAnswer(expected, step.compare), shown);
    });
  }
  for (const step of pluginSteps) {
    test(step.name, async () => {
      const expected = recorded.plugins[step.name];
      assert.ok(expected, 'recorded; else run test/conformance/rest/record-answers.ts');
      const got = await exchange(daemon.url, step, scene);
      if (step.compare === 'refused') assert.ok(got.status >= 400 && got.status <= 500, JSON.stringify(got.body));
      else comparePlugins(expected, pluginDigest(got));
    });
  }

  test('an option of Debezium that is not in the list is refused by name', async () => {
    const listed = recorded.plugins[configPath]!.options.map(({ name }) => name).filter(refused);
    assert.ok(listed.length > 0);
    const body = (name: string) => ({ 'connector.class': postgresClass, name: 'v', 'topic.prefix': 'v', [name]: 'x' });
    for (const name of listed) {
      const step = { name, method: 'PUT', path: `/connector-plugins/${postgresClass}/config/validate`, compare: 'exact' as const };
      const { body: answer } = await exchange(daemon.url, { ...step, body: () => body(name) }, scene);
      assert.match(JSON.stringify(answer), new RegExp(`'${name}'[^"]* is not supported`), name);
    }
  });
});
