import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { until } from '../support/until.ts';

const root = join(import.meta.dirname, '..', '..');
const execute = promisify(execFile);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const folder = new ScratchFolder('package');
const sluice = folder.file('node_modules', '.bin', 'sluice');

/** The Node of this run comes first, as it does for a user who has Node 24; npm's own settings of this run are not passed on. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
  PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
};

async function run(command: string, args: readonly string[], cwd = folder.path): Promise<string> {
  const { stdout } = await execute(command, [...args], { cwd, env, maxBuffer: 1 << 24 });
  return stdout;
}

before(async () => {
  await run('npm', ['pack', '--silent', '--pack-destination', folder.path], root);
  writeFileSync(folder.file('package.json'), JSON.stringify({ private: true, type: 'module' }));
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', folder.file(`sluice-${version}.tgz`)]);
});

test('the package brings the command', async () => {
  assert.match(await run('npx', ['--no', 'sluice', '--', '--help']), /Usage: sluice COMMAND/);
  assert.equal(await run('npx', ['--no', 'sluice', '--', '--version']), `${version}\n`);
});

test('the daemon of the package starts, answers, and ends at SIGTERM', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  writeFileSync(folder.file('worker.yaml'), JSON.stringify({ listeners: url, 'data.dir': folder.file('data') }));
  const daemon = spawn(sluice, ['run', '-c', folder.file('worker.yaml')], { cwd: folder.path, env });
  let said = '';
  for (const stream of [daemon.stdout, daemon.stderr]) stream.on('data', (text: Buffer) => (said += text));
  const ended = once(daemon, 'exit');
  try {
    const healthy = async () => (await fetch(`${url}/health`).catch(() => null))?.ok === true || daemon.exitCode !== null;
    await until(healthy, { what: 'the daemon to be healthy', timeoutMs: 60_000 });
    assert.equal(daemon.exitCode, null, said);
    const answer = (await (await fetch(url)).json()) as Record<string, string>;
    assert.equal(answer['version'], `4.1.1-sluice-${version}`);
    assert.match(answer['commit'] ?? '', /^([0-9a-f]{40}|unknown)$/);
    const plugins = (await (await fetch(`${url}/connector-plugins`)).json()) as { version: string }[];
    assert.ok(plugins.length > 0 && plugins.every(plugin => plugin.version === version));
  } finally {
    daemon.kill('SIGTERM');
  }
  assert.deepEqual(await ended, [0, null], said);
});

test('plugins are written against sluice/contract, with its types', async () => {
  const program = `
    import { schemas, type Transform } from 'sluice/contract';
    export const upper: Transform = record => ({ ...record, topic: record.topic.toUpperCase() });
    const none: number = schemas.int64.type === 'int64' ? 0 : 1;
    process.exitCode = none;`;
  writeFileSync(folder.file('plugin.ts'), program);
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
  await run(process.execPath, [compiler, '--strict', '--module', 'nodenext', '--target', 'esnext', ...types, 'plugin.ts']);
  await run(process.execPath, ['plugin.js']);
});

test('handlers are written against sluice/handler, with the types of their rows', async () => {
  const program = `
    import { defineHandler, RetriableError, type UpdateEvent } from 'sluice/handler';
    type User = { readonly id: number; readonly email: string };
    const changed = ({ changed, before }: UpdateEvent<User>): boolean => changed?.has('email') === true && before?.email !== '';
    export default defineHandler<{ users: User }>({
      users: {
        onCreate({ after }, context) { context.publish('events', after.id, { email: after.email.toLowerCase() }); },
        onUpdate(event) { if (changed(event)) throw new RetriableError('later'); },
        // @ts-expect-error: a row has no such field
        onDelete({ before }) { before?.name; },
      },
    });`;
  writeFileSync(folder.file('handler.ts'), program);
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
  await run(process.execPath, [compiler, '--strict', '--module', 'nodenext', '--target', 'esnext', ...types, 'handler.ts']);
  await run(process.execPath, ['handler.js']);
  // The daemon of the package runs the TypeScript as it is.
  const config = { 'connector.class': 'handler', topics: 'users', 'handler.module': 'handler.ts' };
  writeFileSync(folder.file('connector.json'), JSON.stringify({ name: 'users', config }));
  assert.match(await run('npx', ['--no', 'sluice', '--', 'check', 'connector.json']), /module handler\.ts: It has functions for users\./);
});

test('sagas are written against sluice/sagas, with the types of their events', async () => {
  const program = `
    import { defineSaga } from 'sluice/sagas';
    export default defineSaga<{ ordered: { orderId: string; cents: number }; paid: { orderId: string } }>({
      name: 'orders', start: 'ordered', correlation: 'orderId',
      steps: [{
        name: 'PAY', topic: 'commands', success: 'paid', compensation: { command: 'REFUND', success: 'none' },
        payload: ({ event }) => ({
          cents: event('ordered').cents,
          // @ts-expect-error: an event has no such field
          more: event('ordered').euros,
        }),
      }],
    });`;
  writeFileSync(folder.file('saga.ts'), program);
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
  await run(process.execPath, [compiler, '--strict', '--module', 'nodenext', '--target', 'esnext', ...types, 'saga.ts']);
  assert.match(await run('npx', ['--no', 'sluice', '--', 'saga', 'simulate', 'saga.ts']), /The definition leaves no gap/);
});

test('the event store is a library: the program of its page', async () => {
  const page = readFileSync(join(root, 'docs', 'event-store.md'), 'utf8');
  const program = /^```ts\n(import [^\n]*'sluice\/event-store';\n.*?)^```/ms.exec(page)![1]!;
  writeFileSync(folder.file('orders.ts'), program);
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
  await run(process.execPath, [compiler, '--strict', '--module', 'nodenext', '--target', 'esnext', ...types, 'orders.ts']);
  const said = 'somebody was faster: the order is at version 2\n1 ItemAdded\n2 OrderPaid\n';
  assert.equal(await run(process.execPath, ['orders.js']), said);
});

test('the outbox and the event store in PostgreSQL are libraries too, with their types', async () => {
  const program = `
    import { eventStoreSql, openPostgresEventStore, type PostgresEventStore } from 'sluice/event-store/postgres';
    import { createPublisher, defineEvent, type OutboxConnection } from 'sluice/outbox';
    const paid = defineEvent('OrderPaid', { check: (data: { cents: number }) => (data.cents > 0 ? null : 'cents') });
    const event = paid({ cents: 1 }, { aggregate: { type: 'order', id: '1' }, id: 'e-1' });
    // @ts-expect-error: its data have no such field
    export const wrong = () => paid({ euros: 1 }, { aggregate: event.aggregate });
    const sent: unknown[][] = [];
    const connection: OutboxConnection = { async query(_sql, params) { sent.push(params); } };
    export const open = (url: string): Promise<PostgresEventStore> => openPostgresEventStore({ connection: url });
    const id = await createPublisher().publish(connection, event);
    console.log(id, sent.length, eventStoreSql({ schema: 'public', table: 'event_store' }).includes('event_store_streams'));`;
  writeFileSync(folder.file('outbox.ts'), program);
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
  await run(process.execPath, [compiler, '--strict', '--module', 'nodenext', '--target', 'esnext', ...types, 'outbox.ts']);
  assert.equal(await run(process.execPath, ['outbox.js']), 'e-1 1 true\n');
});

test('an old Node is told which one is needed', async () => {
  const older = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '18.20.0' } })`;
  const refused = run(process.execPath, ['--import', older, sluice, '--version']);
  await assert.rejects(refused, /Sluice needs Node 24 or newer; this is Node 18\.20\.0/);
});
