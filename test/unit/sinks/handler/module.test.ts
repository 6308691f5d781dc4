import assert from 'node:assert/strict';
import { readFileSync, utimesSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { batch, created, HandlerFixture, never, record } from './handler-fixture.ts';

/** What `check` finds of a module, as `status: message`, its path left out. */
async function findings(text: string | null, config: Readonly<Record<string, string>> = {}, name = 'handler.ts'): Promise<string[]> {
  await using fixture = new HandlerFixture({});
  const path = text === null ? fixture.scratch.file('missing.ts') : fixture.module(text, name);
  const found = await fixture.sink(path, config).check(never);
  return found.map(({ status, message }) =>
    `${status}: ${message}`.replaceAll(relative('', fixture.scratch.path), '').replaceAll(fixture.scratch.path, ''),
  );
}

const refusedModules: readonly (readonly [what: string, text: string | null, fault: RegExp])[] = [
  ['a file that is missing', null, /^fault: handler\.module: there is no file \/missing\.ts\.$/],
  [
    'a syntax error',
    'const a: number = 1;\n\nexport default { a: function ( { };\n',
    /^fault: handler\.module: \/handler\.ts:3: Expected ','/,
  ],
  [
    'what Node does not erase',
    'const a = 1;\nenum X { A }\nexport default {};',
    /^fault: handler\.module: \/handler\.ts:2: TypeScript enum is not supported/,
  ],
  [
    'an import that is missing',
    "import './other.ts';\nexport default {};",
    /^fault: handler\.module: \/handler\.ts: Cannot find module '\/other\.ts'/,
  ],
  ['a name that the package does not have', "import { nope } from 'sluice/handler';\nexport default {};", /handler\.ts:1: .*'nope'/],
  ['an error at loading', 'const a = 1;\nthrow new Error("no way");', /^fault: handler\.module: \/handler\.ts:2: no way$/],
  ['no default export', 'export const users = {};', /\/handler\.ts: it has no default export \(it exports 'users'\)/],
  ['another shape', 'export default [];', /its default export is not an object of topics/],
  ['no topic', 'export default {};', /its default export has no topic/],
  ['a topic without functions', 'export default { users: 1 };', /default\['users'\] is not an object of functions/],
  [
    'a function of another name',
    'export default { users: { onCreated() {} } };',
    /default\['users'\]\.onCreated is no event; did you mean 'onCreate'\?/,
  ],
  ['what is no function', 'export default { users: { onCreate: 1 } };', /default\['users'\]\.onCreate is not a function/],
];

for (const [what, text, fault] of refusedModules) {
  test(`check names the place of ${what}`, async () => {
    const found = await findings(text);
    assert.equal(found.length, 1);
    assert.match(found[0]!, fault);
  });

  test(`${what}: the task stops too`, async () => {
    await using fixture = new HandlerFixture({});
    const sink = fixture.sink(text === null ? fixture.scratch.file('missing.ts') : fixture.module(text));
    await assert.rejects(sink.write(batch(record('users', { id: 1 }, created({ id: 1 }))), never), {
      code: 'CONFIG_INVALID',
      retry: 'never',
    });
  });
}

const users = 'export default { users: {} };';

test('check lists the topics of a module that is right', async () => {
  assert.deepEqual(await findings(users), ['ok: It has functions for users.']);
  assert.deepEqual(await findings('module.exports = { users: {} };', {}, 'handler.cjs'), await findings(users), 'in JavaScript too');
});

test('the module that the documentation shows is one', async () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'handlers.md'), 'utf8');
  const [, text = ''] = /```ts\n([\s\S]*?)```/.exec(page)!;
  assert.deepEqual(await findings(text, { topics: 'shop.public.users' }), ['ok: It has functions for shop.public.users.']);
});

test('check compares the module with the topics that are read, unless transforms rename them', async () => {
  const missing = await findings(users, { topics: 'users,user' });
  assert.deepEqual(missing[1], `fault: It has no functions for topic 'user'; 'users' is near.`);
  assert.match((await findings(users, { topics: 'user', transforms: 'route' }))[1]!, /^warning: It has no functions for topic 'user'/);
  const idle = await findings('export default { users: {}, orders: {} };');
  assert.deepEqual(idle[1], `warning: It has functions for topic 'orders', which the connector does not read.`);
});

test('check says whether the memory of effects can be written', async () => {
  await using fixture = new HandlerFixture({});
  const module = fixture.module(users);
  const status = async (file: string) =>
    (await fixture.sink(module, { 'handler.once.file': file }).check(never)).map(found => found.status);
  assert.deepEqual(await status(fixture.scratch.file('once.db')), ['ok', 'ok']);
  assert.deepEqual(await status(fixture.scratch.file('no', 'such', 'once.db')), ['ok', 'fault']);
});

test('a module that was changed is loaded anew by the next task', async () => {
  await using fixture = new HandlerFixture({ seen: [] as string[] });
  const text = (what: string) => `export default { users: { onCreate: () => $probe.seen.push('${what}') } };`;
  const run = async (what: string, changedAt: Date) => {
    const module = fixture.module(text(what));
    utimesSync(module, changedAt, changedAt);
    await fixture.sink(module).write(batch(record('users', { id: 1 }, created({ id: 1 }))), never);
  };
  await run('before', new Date(1_700_000_000_000));
  await run('after', new Date(1_700_000_001_000));
  assert.deepEqual(fixture.probe.seen, ['before', 'after']);
});

test('options out of range are refused', () => {
  const fixture = new HandlerFixture({});
  for (const [name, text] of Object.entries({
    'handler.module': ' ',
    'handler.concurrency': '0',
    'handler.timeout.ms': '0',
    'handler.tombstones': 'keep',
  }))
    assert.throws(() => fixture.sink('handler.ts', { [name]: text }), new RegExp(name.replaceAll('.', '\\.')));
  fixture.scratch[Symbol.dispose]();
});
