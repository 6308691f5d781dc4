import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type ConnectRecord,
  configSpec,
  options,
  type PluginOf,
  type PluginRegistry,
  type RawConfig,
  SluiceError,
} from '../../../src/contract/index.ts';
import { compileTransforms, type TransformChain } from '../../../src/engine/transform/transform-chain.ts';
import { registry } from '../../../src/registry.ts';
import { context, record } from '../transforms/records.ts';

const compile = (raw: RawConfig): Promise<TransformChain> => compileTransforms(raw, registry, context);

const byOption = (found: readonly { option: string; message: string }[]) =>
  Object.fromEntries(found.map(({ option, message }) => [option, message]));

const route = {
  transforms: 'route',
  'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
  'transforms.route.regex': 'srv\\.public\\.(.*)',
  'transforms.route.replacement': '$1',
};

describe('A chain of transforms', () => {
  test('without transforms there is no function to call', async () => {
    const chain = await compile({ name: 'shop', 'table.include.list': 'public.users' });
    assert.equal(chain.apply, null);
    assert.deepEqual([chain.faults, chain.warnings], [[], []]);
  });

  test('runs in the order of the list', async () => {
    const chain = await compile({
      ...route,
      transforms: ' route , again',
      'transforms.again.type': 'RegexRouter',
      'transforms.again.regex': 'users',
      'transforms.again.replacement': 'people',
    });
    assert.deepEqual(chain.faults, []);
    assert.equal(chain.apply?.(record())?.topic, 'people');
  });

  test('a predicate decides, negate turns it round, and what is dropped is counted', async () => {
    const chain = await compile({
      transforms: 'tombs,others',
      predicates: 'isTombstone,isUser',
      'predicates.isTombstone.type': 'RecordIsTombstone',
      'predicates.isUser.type': 'TopicNameMatches',
      'predicates.isUser.pattern': '.*\\.users',
      'transforms.tombs.type': 'Filter',
      'transforms.tombs.predicate': 'isTombstone',
      'transforms.others.type': 'Filter',
      'transforms.others.predicate': 'isUser',
      'transforms.others.negate': 'true',
    });
    assert.deepEqual([chain.faults, chain.warnings], [[], []]);
    const pass = (changes: Partial<ConnectRecord>) => chain.apply?.(record(changes))?.topic;
    assert.equal(pass({ value: 'x' }), 'srv.public.users');
    assert.equal(pass({ value: null }), undefined);
    assert.equal(pass({ value: 'x', topic: 'srv.public.orders' }), undefined);
    assert.equal(pass({ value: null, topic: 'srv.public.orders' }), undefined);
    assert.deepEqual(Object.fromEntries(chain.dropped), { tombs: 2, others: 1 });
  });

  test('an error names the transform and the topic, not the value', async () => {
    const chain = await compile({ transforms: 'toNumber', 'transforms.toNumber.type': 'Cast$Value', 'transforms.toNumber.spec': 'int32' });
    assert.throws(
      () => chain.apply?.(record({ value: 'secret' })),
      error => {
        assert.ok(error instanceof SluiceError);
        assert.equal(error.code, 'TRANSFORM_FAILED');
        assert.match(
          error.message,
          /^Transform 'toNumber' \(Cast\$Value\) failed on a record of topic 'srv\.public\.users': Value of class/,
        );
        assert.ok(!error.message.includes('secret'));
        return true;
      },
    );
  });

  test('an unforeseen error keeps its words to itself', async () => {
    const faulty: PluginOf<'transformation'> = {
      spec: configSpec({ options: { level: options.int({ default: '1', doc: 'A level.' }) } }),
      create: () => () => {
        throw new TypeError('Cannot read secret');
      },
    };
    const only: PluginRegistry = { list: () => [], load: async type => faulty as PluginOf<typeof type> };
    const chain = await compileTransforms({ transforms: 'bad', 'transforms.bad.type': 'Bad' }, only, context);
    assert.throws(
      () => chain.apply?.(record()),
      /Transform 'bad' \(Bad\) failed on a record of topic 'srv\.public\.users': unexpected TypeError$/,
    );
  });
});

describe('What is wrong with a chain is told at once, by full names', () => {
  test('missing and faulty options, unknown classes, undefined predicates', async () => {
    const chain = await compile({
      transforms: 'route,mask,unknown,typeless,cond,alone',
      predicates: 'isUser,other',
      'predicates.isUser.type': 'TopicNameMatches',
      'predicates.isUser.pattern': '[',
      'predicates.other.type': 'TopicNameMatch',
      'transforms.route.type': 'RegexRouter',
      'transforms.route.regex': '(',
      'transforms.mask.type': 'MaskField$Value',
      'transforms.unknown.type': 'org.apache.kafka.connect.transforms.MaskFeild$Value',
      'transforms.cond.type': 'Filter',
      'transforms.cond.predicate': 'isUsr',
      'transforms.cond.negate': 'maybe',
      'transforms.alone.type': 'Filter',
      'transforms.alone.negate': 'true',
    });
    assert.equal(chain.apply, null);
    const faults = byOption(chain.faults);
    assert.match(faults['transforms.route.regex'] ?? '', /^Invalid value \( for configuration transforms\.route\.regex: Invalid regex: /);
    assert.equal(
      faults['transforms.route.replacement'],
      'Missing required configuration "transforms.route.replacement" which has no default value.',
    );
    assert.match(faults['transforms.mask.fields'] ?? '', /^Missing required configuration "transforms\.mask\.fields"/);
    assert.match(
      faults['transforms.unknown.type'] ?? '',
      /for configuration transforms\.unknown\.type: .*did you mean 'org\.apache\.kafka\.connect\.transforms\.MaskField\$Value'/,
    );
    assert.match(faults['transforms.typeless.type'] ?? '', /^Missing required configuration "transforms\.typeless\.type"/);
    assert.match(faults['transforms.cond.predicate'] ?? '', /'predicates' does not list it; did you mean 'isUser'\?$/);
    assert.match(faults['transforms.cond.negate'] ?? '', /^Invalid value maybe for configuration transforms\.cond\.negate: /);
    assert.match(faults['transforms.alone.negate'] ?? '', /no config 'transforms\.alone\.predicate' defining a predicate to be negated/);
    assert.match(faults['predicates.isUser.pattern'] ?? '', /^Invalid value \[ for configuration predicates\.isUser\.pattern: /);
    assert.match(faults['predicates.other.type'] ?? '', /did you mean 'TopicNameMatches'\?/);
    assert.equal(Object.keys(faults).length, chain.faults.length);
  });

  test('an alias that stands twice', async () => {
    const chain = await compile({ ...route, transforms: 'route,route' });
    assert.deepEqual(byOption(chain.faults), {
      transforms: 'Invalid value [route, route] for configuration transforms: Duplicate alias provided.',
    });
  });

  test('options that have no effect are warned of, with the nearest name that has one', async () => {
    const chain = await compile({
      ...route,
      'transforms.route.replacment': 'x',
      'transforms.rout.regex': 'x',
      'predicates.isUser.type': 'RecordIsTombstone',
    });
    assert.deepEqual(chain.faults, []);
    assert.deepEqual(byOption(chain.warnings), {
      'transforms.route.replacment':
        "Unknown option 'transforms.route.replacment' has no effect; did you mean 'transforms.route.replacement'?",
      'transforms.rout.regex': "Option 'transforms.rout.regex' has no effect: 'transforms' does not list 'rout'; did you mean 'route'?",
      'predicates.isUser.type': "Option 'predicates.isUser.type' has no effect: 'predicates' does not list 'isUser'.",
    });
  });

  test('every option has a state with its full name, its value and its errors', async () => {
    const chain = await compile({ ...route, 'transforms.route.regex': '(' });
    const states = new Map(chain.states.map(state => [state.name, state]));
    assert.deepEqual([...states.keys()].sort(), [
      'predicates',
      'transforms',
      'transforms.route.negate',
      'transforms.route.predicate',
      'transforms.route.regex',
      'transforms.route.replacement',
      'transforms.route.type',
    ]);
    const regex = states.get('transforms.route.regex');
    assert.equal(regex?.value, '(');
    assert.equal(regex?.option.group, 'Transforms: route');
    assert.equal(regex?.errors.length, 1);
    assert.deepEqual(states.get('transforms.route.replacement')?.errors, []);
  });
});
