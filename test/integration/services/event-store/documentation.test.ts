import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { newDaemon } from '../../../support/daemon.ts';
import { until } from '../../../support/until.ts';
import { EventStoreDaemon } from './killed-store.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const page = readFileSync(join(root, 'docs', 'event-store.md'), 'utf8');
const run = promisify(execFile);

/** The page's files, by their names. */
const files = new Map(Array.from(page.matchAll(/^```(?:yaml|ts) (\S+)\n(.*?)^```/gms), ([, name, text]) => [name!, text!]));

type Call = { readonly command: string; readonly answer: string };
/** The calls of the page, each with what it says is answered. */
const calls: readonly Call[] = Array.from(page.matchAll(/^\$ curl -s ([\s\S]*?)\n(?=\{|\$|```)([^\n]*)/gm), ([, command, answer]) => ({
  command: command!,
  answer: answer!,
})).filter(({ answer }) => answer.startsWith('{'));

/** What a call of the page asks: method by its data, path, headers. */
function requestOf({ command }: Call, url: string): Request {
  const address = /127\.0\.0\.1:8083([^\s']*)/.exec(command)![1]!;
  const headers = Object.fromEntries(Array.from(command.matchAll(/-H '([\w-]+): ([^']*)'/g), ([, name, value]) => [name!, value!]));
  const body = /-d '([^']*)'/.exec(command)?.[1];
  return new Request(url + address, { headers, ...(body !== undefined && { method: 'POST', body }) });
}

test('the event store of the documentation: append, read, a read model, and one built anew beside it', { timeout: 300_000 }, async () => {
  await using store = new EventStoreDaemon(await newDaemon({}));
  const { daemon } = store;
  const folder = dirname(daemon.workerFile);
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  for (const [name, text] of files) write(name, text.replace('http://127.0.0.1:8083', daemon.url));
  assert.deepEqual([...files.keys()], ['worker.yaml', 'aggregates.ts', 'connectors/orders-1.yaml', 'orders-1.views.yaml']);
  daemon.workingFolder = folder;
  const sluice = (...args: string[]) =>
    run(process.execPath, [join(root, 'src', 'main.ts'), ...args], { cwd: folder }).then(({ stdout }) => stdout);
  assert.match(await sluice('check', 'worker.yaml'), /No faults/);
  await store.start();

  assert.equal(calls.length, 5);
  for (const call of calls) assert.equal(await (await fetch(requestOf(call, daemon.url))).text(), call.answer, call.command);
  const events = (...args: string[]) => sluice('events', ...args, '--url', daemon.url);
  const commands = /^ {4}(sluice events .*)$/gm;
  assert.deepEqual(
    Array.from(page.matchAll(commands), ([, command]) => command),
    [
      `sluice events append order:1 ItemAdded '{"sku": "pen", "priceCents": 200}' --expect 3`,
      'sluice events read order:1 --backwards --limit 1',
      'sluice events state order:1 --at 2',
      'sluice events all --after 2 --json',
    ],
  );
  await assert.rejects(events('append', 'order:1', 'ItemAdded', '{"sku": "pen", "priceCents": 200}', '--expect', '2'), /is at version 3/);
  assert.match(await events('read', 'order:1', '--backwards', '--limit', '1'), /^ +3 {2}order:1 3 {2}OrderPaid {2}.*\{\}\n$/);
  assert.match(await events('state', 'order:1', '--at', '2'), /version 2\n[\s\S]*"status": "open"/);
  const [third] = (await events('all', '--after', '2', '--json')).trimEnd().split('\n');
  assert.deepEqual((JSON.parse(third!) as { id: string }).id, 'pay-4711');
  await assert.rejects(events('apend', 'order:1'), /did you mean 'append'/);
  await assert.rejects(events('read'), /sluice events read needs STREAM/);
  await assert.rejects(events('append', 'order:1', 'T', '{'), /data is no JSON/);
  assert.match(
    await events('append', 'order:2', 'OrderPlaced', '{"customer": "bob"}', '--expect', 'none', '--id', 'o2'),
    /order:2 is at version 1\./,
  );
  assert.match(await events('append', 'order:2', 'OrderPlaced', '{"customer": "bob"}', '--id', 'o2'), /The event was there before/);

  const rowsOf = (file: string) => {
    using database = new DatabaseSync(join(folder, file), { readOnly: true, timeout: 20_000 });
    return database
      .prepare('select * from orders order by order_id')
      .all()
      .map(row => ({ ...row }));
  };
  const caughtUp = (connector: string, events: number) =>
    until(
      async () => {
        // What the log holds by now; the last events may still be on their way there.
        if (!(await store.call('GET', `/connectors/${connector}/wait?timeout=10000`)).ok) return false;
        using database = new DatabaseSync(join(folder, `${connector}.db`), { readOnly: true, timeout: 20_000 });
        return Number(database.prepare('select count(*) as events from events').get()?.['events']) === events;
      },
      { what: `${connector} to have ${events} events`, timeoutMs: 60_000 },
    );
  await caughtUp('orders-1', 4);
  assert.deepEqual(rowsOf('orders-1.db'), [
    { order_id: '1', customer: 'ann', total_cents: 900, paid: 1 },
    { order_id: '2', customer: 'bob', total_cents: 0, paid: 0 },
  ]);
  assert.ok(page.includes('1|ann|900|1'));

  // Beside the live one, with a select of its own.
  symlinkSync('orders-1.db', join(folder, 'orders.db'));
  const named = (name: string) => files.get(name)!.replaceAll('orders-1', 'orders-2');
  write('connectors/orders-2.yaml', named('connectors/orders-1.yaml'));
  write('orders-2.views.yaml', named('orders-1.views.yaml').replace('as paid', 'as is_paid'));
  await sluice('apply', '--yes', '--url', daemon.url);
  await store.appendPatiently('order:3', [{ type: 'OrderPlaced', data: { customer: 'cleo' } }]);
  for (const connector of ['orders-1', 'orders-2']) await caughtUp(connector, 5);
  symlinkSync('orders-2.db', join(folder, 'orders.next'));
  renameSync(join(folder, 'orders.next'), join(folder, 'orders.db'));
  assert.deepEqual(
    rowsOf('orders.db').map(row => [row['order_id'], row['is_paid']]),
    [
      ['1', 1],
      ['2', 0],
      ['3', 0],
    ],
  );
  rmSync(join(folder, 'connectors', 'orders-1.yaml'));
  await sluice('apply', '--yes', '--url', daemon.url);
  const left = (await (await store.call('GET', '/connectors')).json()) as string[];
  assert.deepEqual(left.sort(), ['event-store-publication', 'orders-2']);
});
