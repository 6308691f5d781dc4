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

type Recording = { readonly answers: Readonly<Record<string, RestAnswer>>; readonly plugins: Readonly<Record<string, PluginDigest>> };
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'answers.json'), 'utf8')) as Recording;

/** Of Connect and Debezium, and not part of Sluice (yet): README says so too. */
const absentPlugins: readonly RegExp[] = [
  /timescaledb/,
  /openlineage/,
  /tracing/,
  /Geometry/,
  /VectorToJson/,
  /EnforceRecordSize/,
  /ExtractSchemaToNewRecord/,
  /SchemaChangeEventFilter/,
  /DecodeLogicalDecodingMessageContent/,
  /CloudEventsConverter/,
  /BinaryDataConverter/,
];

function undefinedOptions(expected: readonly OptionDigest[], got: readonly OptionDigest[]): string[] {
  const ours = new Map(got.map(option => [option.name, option]));
  return expected.flatMap(option => {
    const mine = ours.get(option.name);
    if (!mine) return `${option.name}: missing`;
    const fields = ['type', 'required', 'default'] as const;
    return fields.flatMap(field =>
      mine[field] === option[field] ? [] : `${option.name}: ${field} is ${mine[field]}, in Connect ${option[field]}`,
    );
  });
}

function comparePlugins(expected: PluginDigest, got: PluginDigest): void {
  assert.equal(got.status, expected.status);
  assert.equal(got.errorCode, expected.errorCode);
  const missing = expected.plugins.filter(plugin => !got.plugins.includes(plugin) && !absentPlugins.some(absent => absent.test(plugin)));
  assert.deepEqual(missing, [], 'plugins that are missing');
  assert.deepEqual(undefinedOptions(expected.options, got.options), []);
  assert.equal(got.validation === null, expected.validation === null);
  if (!expected.validation || !got.validation) return;
  const { names, ...rest } = expected.validation;
  const { names: ours, ...found } = got.validation;
  assert.deepEqual(found, rest);
  assert.deepEqual(
    names.filter(name => !ours.includes(name)),
    [],
    'options that are not validated',
  );
}

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
      assert.deepEqual(
        normaliseAnswer(got, step.compare),
        normaliseAnswer(expected, step.compare),
        JSON.stringify(got.body)?.slice(0, 500),
      );
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
});
