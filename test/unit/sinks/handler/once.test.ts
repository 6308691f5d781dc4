import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OnceMemory } from '../../../../sinks/handler/once-memory.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { batch, created, HandlerFixture, never, record } from './handler-fixture.ts';

const mailing = `
  export default { users: { async onCreate({ after }, context) {
    const ran = await context.once('welcome-' + after.id, async key => {
      if ($probe.broken) throw new Error('no mail');
      $probe.mails.push(key);
    });
    $probe.ran.push(ran);
  } } };`;
const user = (id: number) => record('users', { id }, created({ id }));
const probe = () => ({ mails: [] as string[], ran: [] as boolean[], broken: false });

test('an effect runs once a key, with a text that stays the same', async () => {
  await using fixture = new HandlerFixture(probe());
  const sink = fixture.sink(fixture.module(mailing));
  const [one, two] = [user(1), user(2)];
  await sink.write(batch(one, two), never);
  await sink.write(batch(one, two), never);
  assert.deepEqual(fixture.probe.mails, ['users-handler:welcome-1', 'users-handler:welcome-2']);
  assert.deepEqual(fixture.probe.ran, [true, true, false, false]);
});

test('an effect that failed is not remembered', async () => {
  await using fixture = new HandlerFixture(probe());
  const sink = fixture.sink(fixture.module(mailing));
  const one = user(1);
  fixture.probe.broken = true;
  assert.equal((await sink.write(batch(one), never)).failed[0]?.error.code, 'HANDLER_FAILED');
  fixture.probe.broken = false;
  await sink.write(batch(one), never);
  assert.deepEqual(fixture.probe.mails, ['users-handler:welcome-1']);
});

test('in a file, effects are remembered by the next task too; in memory they are not', async () => {
  await using fixture = new HandlerFixture(probe());
  const module = fixture.module(mailing);
  const one = user(1);
  for (const file of ['once.db', 'once.db']) {
    const sink = fixture.sink(module, { 'handler.once.file': fixture.scratch.file('state', file) });
    await sink.write(batch(one), never);
    await sink[Symbol.asyncDispose]();
  }
  assert.equal(fixture.probe.mails.length, 1);
  await fixture.sink(module).write(batch(one), never);
  assert.equal(fixture.probe.mails.length, 2);
});

test('a file that cannot be used is waited for', async () => {
  await using fixture = new HandlerFixture(probe());
  const sink = fixture.sink(fixture.module(mailing), { 'handler.once.file': fixture.module('', 'no-database') });
  const folder = fixture.sink(fixture.module(mailing), { 'handler.once.file': fixture.scratch.path });
  await assert.rejects(folder.write(batch(user(1)), never), { code: 'TARGET_UNAVAILABLE' });
  await sink.write(batch(user(1)), never); // an empty file is a new database
  assert.equal(fixture.probe.mails.length, 1);
});

test('two calls with one key at the same time run the effect once, and the second waits', async () => {
  using memory = new OnceMemory({ file: null, connector: 'c', retentionMs: 1000, nowMs: () => 0 });
  const [events, gate] = [[] as string[], Promise.withResolvers<void>()];
  const first = memory.once('a', async () => {
    await gate.promise;
    events.push('effect');
  });
  const second = memory.once('a', () => events.push('again')).then(ran => events.push(`second ${ran}`));
  gate.resolve();
  assert.equal(await first, true);
  await second;
  assert.deepEqual(events, ['effect', 'second false']);
});

test('the second call runs the effect where the first one’s failed', async () => {
  using memory = new OnceMemory({ file: null, connector: 'c', retentionMs: 1000, nowMs: () => 0 });
  const first = memory.once('a', async () => {
    throw new Error('no');
  });
  const second = memory.once('a', () => {});
  await assert.rejects(first, /no/);
  assert.equal(await second, true);
});

test('an effect is forgotten when its time is over, and connectors do not see each other’s', async () => {
  using scratch = new ScratchFolder('once');
  let nowMs = 0;
  const open = (connector: string) => new OnceMemory({ file: scratch.file('once.db'), connector, retentionMs: 1000, nowMs: () => nowMs });
  using memory = open('a');
  const ran = (of: OnceMemory) => of.once('key', () => {});
  assert.equal(await ran(memory), true);
  nowMs = 1000;
  assert.equal(await ran(memory), false);
  using other = open('b');
  assert.equal(await ran(other), true);
  nowMs = 1001;
  assert.equal(await ran(memory), true);
});
