import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { usages } from '../../../src/cli/usage.ts';
import { version } from '../../../src/version.ts';
import { oneView } from '../../integration/sinks/views/wrong-views.ts';
import { runCommand } from '../../support/command-line-run.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';

const run = (...args: string[]) => runCommand(args);

describe('the command line', () => {
  test('tells its version and its commands', async () => {
    assert.deepEqual(await run('--version'), { code: 0, out: `${version}\n`, err: '' });
    const { out, code } = await run('--help');
    assert.equal(code, 0);
    for (const { name, summary } of usages) assert.ok(out.includes(name) && out.includes(summary));
    assert.equal((await run()).code, 2);
  });

  test('has help with an example for every command', async () => {
    for (const { name } of usages)
      for (const args of [
        [name, '--help'],
        ['help', name],
      ]) {
        const { code, out } = await run(...args);
        assert.equal(code, 0);
        assert.match(out, new RegExp(`^sluice ${name}\\b`));
        assert.match(out, new RegExp(`^ {2}sluice ${name}\\b`, 'm'));
      }
  });

  test('finds the nearest of what it does not know', async () => {
    assert.match((await run('staus')).err, /no command 'staus'; did you mean 'status'\?/);
    const { code, err } = await run('run', '--confg', 'x');
    assert.equal(code, 2);
    assert.match(err, /'run' has no option --confg; did you mean '--config'\?/);
    assert.match((await run('pause')).err, /An argument is missing\.\nUsage: sluice pause NAME/);
    assert.match((await run('pause', 'a', 'b')).err, /The argument 'b' is one too many/);
    assert.match((await run('run', '-c')).err, /-c needs a value/);
    assert.match((await run('log', '--data-dir', '/tmp', '--from', 'strat')).err, /did you mean 'start'/);
  });

  test('fails with a remedy where a worker does not answer', async () => {
    const { code, err } = await run('status', '--url', 'http://127.0.0.1:9');
    assert.equal(code, 1);
    assert.match(err, /No worker answers at http:\/\/127\.0\.0\.1:9 .*\nStart one with sluice run/);
  });
});

describe('sluice check', () => {
  async function check(text: string, ...args: string[]) {
    using folder = new ScratchFolder('check');
    writeFileSync(folder.file('c.yaml'), text);
    return await run('check', folder.file('c.yaml'), ...args);
  }

  test('prints every fault of a connector with its line, and fails', async () => {
    const { code, out } = await check(
      'name: c\nconnector.class: postgres\ndatabase.port: x\nsnapshot.mode: intial\ndatabase.hostnam: h\n',
      '--offline',
    );
    assert.equal(code, 1);
    assert.match(out, /fault {4}line 3: Invalid value x for configuration database\.port: Not a number of type INT/);
    assert.match(out, /fault {4}line 4: .*did you mean "initial"/);
    assert.match(out, /fault {4}Missing required configuration "database\.dbname"/);
    assert.match(out, /warning {2}line 5: .*did you mean 'database\.hostname'/);
    assert.match(out, /\d+ faults\.\n$/);
  });

  /** What a sink's connector is refused with: its options, and files beside it. */
  async function sinkFaults(options: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}, ...args: string[]) {
    using folder = new ScratchFolder('check-sink');
    for (const [name, text] of Object.entries(files)) writeFileSync(folder.file(name), text);
    const lines = Object.entries({ name: 'c', topics: 'shop.orders,shop.customers', ...options }).map(([name, text]) => `${name}: ${text}`);
    writeFileSync(folder.file('c.yaml'), `${lines.join('\n').replaceAll('FOLDER', folder.path)}\n`);
    const { code, out } = await run('check', folder.file('c.yaml'), ...args);
    assert.equal(code, 1, out);
    return out.replaceAll(folder.path, 'FOLDER');
  }

  test('places what is wrong with a view in its file, and names the option and line that leads there', async () => {
    const sink = { 'connector.class': 'views', 'connection.url': 'sqlite:FOLDER/views.db', views: 'FOLDER/views.yaml' };
    const check = (views: string) => sinkFaults(sink, { 'views.yaml': views });
    const orders = 'from orders o';
    const at = String.raw`fault {4}line 5, views: FOLDER/views\.yaml`;
    assert.match(await check(oneView({ select: `select o.customer_id,\n  o.totals ${orders}` })), new RegExp(`${at}:16:.*totals`));
    assert.match(
      await check(oneView({ from: '{ orders: customer }', select: `select o.customer_id, o.total ${orders}` })),
      new RegExp(`${at}:13:.*way from table orders`),
    );
    const unreached = oneView({ from: '{ customers: id }', select: `select o.customer_id ${orders}` });
    assert.match(await check(unreached), new RegExp(`${at}:11:3.*reads table orders, whose topic does not lead to its key`));
  });

  test('names the line of a template with a field that there is not', async () => {
    const redis = { 'connector.class': 'redis', 'redis.mode': 'evict', 'redis.keys': '"{source.tabel}:{id}"' };
    assert.match(await sinkFaults(redis, {}, '--offline'), /fault {4}line 5: .*redis\.keys: .*did you mean \{source\.table\}/);
    const jdbc = { 'connector.class': 'jdbc', 'connection.url': 'jdbc:sqlite:/tmp/x.db', 'collection.name.format': '"${source.tabel}"' };
    assert.match(await sinkFaults(jdbc, {}, '--offline'), /fault {4}line 5: .*did you mean \$\{source\.table\}/);
    const index = { 'connector.class': 'elasticsearch', 'connection.url': 'http://127.0.0.1:9200', 'index.name': '"x-${source.tabel}"' };
    assert.match(await sinkFaults(index, {}, '--offline'), /fault {4}line 5: .*did you mean \$\{source\.table\}/);
  });

  test('is content with a connector that is right', async () => {
    const { code, out } = await check(
      'name: c\nconnector.class: postgres\ndatabase: {hostname: h, user: u, password: p, dbname: d}\ntopic.prefix: t\nplugin.name: pgoutput\n',
      '--offline',
    );
    assert.equal(code, 0, out);
    assert.match(out, /ok {7}configuration: valid\nNo faults\.\n$/);
  });

  test('tells a database that does not answer, with the remedy', async () => {
    const { code, out } = await check(
      'name: c\nconnector.class: postgres\ndatabase: {hostname: 127.0.0.1, port: 9, user: u, password: p, dbname: d}\ntopic.prefix: t\nplugin.name: pgoutput\n',
    );
    assert.equal(code, 1);
    assert.match(out, /fault {4}.*127\.0\.0\.1:9.*\n {11}Check that the database is up/);
  });

  test('reads a worker’s file and all its connectors', async () => {
    const { code, out } = await check('listener: http://x:1\n');
    assert.equal(code, 0, out);
    assert.match(out, /warning {2}.*c\.yaml:1: Unknown option 'listener' has no effect; did you mean 'listeners'/);
  });

  test('names the place of a file that cannot be read', async () => {
    assert.match((await check('name: [')).err, /c\.yaml:\d+: /);
  });
});
