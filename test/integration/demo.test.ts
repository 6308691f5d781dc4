import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { type Change, History } from '../../config/examples/demo/history.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';

const root = join(import.meta.dirname, '..', '..');

/** The demo, with a folder for temporary files of its own. */
function startDemo(folder: string, args: readonly string[]): ChildProcess {
  const demo = spawn(process.execPath, ['config/examples/demo/demo.ts', ...args], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A character that is cut between two pieces is put together again.
  for (const stream of [demo.stdout, demo.stderr]) stream.setEncoding('utf8');
  return demo;
}

/** Reads lines until one fits; gives all so far. */
async function linesUntil(lines: AsyncIterator<string>, wanted: RegExp): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`The demo ended before it said ${wanted}:\n${seen.join('\n')}`);
    seen.push(value);
    if (wanted.test(value)) return seen;
  }
}

/** What the demo leaves there; Node's cache of compiled code is meant to stay. */
async function leftIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter(name => name !== 'node-compile-cache');
}

describe('npm run demo', { timeout: 300_000 }, () => {
  test('--changes 300 ends by itself, and log and database agree row by row', async () => {
    using scratch = new ScratchFolder('demo');
    const demo = startDemo(scratch.path, ['--changes', '300']);
    let output = '';
    demo.stderr?.on('data', chunk => {
      output += chunk;
    });
    demo.stdout?.on('data', chunk => {
      output += chunk;
    });
    const [code] = await once(demo, 'close');
    assert.equal(code, 0, output);
    assert.match(output, /admin URL: http:\/\/127\.0\.0\.1:\d+/);
    assert.match(output, /The snapshot is complete: 270 rows/);
    assert.match(output, /users +read +200 +create +\d+ +update +5 +delete +\d+/);
    assert.equal(output.match(/^journey customer \d+ .*: view \d+ ms · cache \d+ ms · index \d+ ms · event \d+ ms$/gm)?.length, 5, output);
    assert.match(output, /From commit to log: p50 \d+ ms, p99 \d+ ms, over 300 changes/);
    assert.match(output, /The log and the database agree row by row/);
    for (const target of ['view', 'cache', 'index', 'event'])
      assert.match(output, new RegExp(`${target} +agrees with the database +from commit p50`));
    assert.match(output, /The targets agree row by row: \d+ customers/);
    assert.match(output, /^create /m);
    assert.deepEqual(await leftIn(scratch.path), [], 'no temporary folder is left');
  });

  test('Ctrl-C ends it, with nothing left behind', async () => {
    using scratch = new ScratchFolder('demo');
    const demo = startDemo(scratch.path, []);
    const closed = once(demo, 'close');
    const lines = createInterface({ input: demo.stdout! })[Symbol.asyncIterator]();
    const [url] = (await linesUntil(lines, /admin URL/)).join('\n').match(/http:\/\/127\.0\.0\.1:\d+/)!;
    await linesUntil(lines, /^journey customer/);
    await linesUntil(lines, /^-- .*changes, .*\/s, lag p50/);
    assert.equal((await fetch(url)).status, 200);
    demo.kill('SIGINT');
    await linesUntil(lines, /Ending everything/);
    const [code] = await closed;
    assert.equal(code, 0);
    assert.deepEqual(await leftIn(scratch.path), [], 'no temporary folder is left');
    await assert.rejects(fetch(url), 'the daemon has ended');
  });

  const refused: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['--changes', 'many'], /--changes takes a number of changes, such as 5000; got "many"/],
    [['--source', 'oracle'], /--source takes postgres, mysql, mariadb, mongodb; got "oracle"/],
    [['--with', 'redis,kafka'], /--with takes redis, elasticsearch; got "kafka"/],
  ];
  for (const [args, message] of refused) {
    test(`${args.join(' ')} is refused`, async () => {
      using scratch = new ScratchFolder('demo');
      const demo = startDemo(scratch.path, args);
      let errors = '';
      demo.stderr?.on('data', chunk => {
        errors += chunk;
      });
      const [code] = await once(demo, 'close');
      assert.equal(code, 2);
      assert.match(errors, message);
    });
  }
});

describe('the demo’s comparison', () => {
  const row = (id: number, value: number) => ({ id, value });
  const changes: readonly Change[] = [
    { table: 't', op: 'r', before: null, after: row(1, 0), committedAtMs: 0, position: null },
    { table: 't', op: 'c', before: null, after: row(2, 0), committedAtMs: 0, position: [10n, 11n] },
    { table: 't', op: 'u', before: row(1, 0), after: row(1, 1), committedAtMs: 0, position: [12n, 13n] },
    { table: 't', op: 'u', before: row(2, 0), after: row(2, 1), committedAtMs: 0, position: [14n, 15n] },
    { table: 't', op: 'u', before: row(2, 1), after: row(2, 1), committedAtMs: 0, position: [16n, 17n] },
    { table: 't', op: 'c', before: null, after: row(3, 0), committedAtMs: 0, position: [18n, 19n] },
    { table: 't', op: 'd', before: row(1, 1), after: null, committedAtMs: 0, position: [20n, 21n] },
  ];
  const database = [row(2, 1), row(3, 0)];

  function faultsOf(logged: readonly Change[], rows: readonly Record<string, unknown>[] = database): number {
    const history = new History();
    for (const change of logged) history.apply(change);
    history.compare('t', rows);
    return history.faultCount;
  }

  test('finds nothing where all is right', () => assert.equal(faultsOf(changes), 0));

  for (const index of changes.keys()) {
    test(`finds change ${index} doubled`, () => assert.ok(faultsOf(changes.toSpliced(index, 0, changes[index]!)) > 0));
    // An update that changes nothing leaves no trace in the rows: the count of changes tells of it.
    if (index !== 4) test(`finds change ${index} missing`, () => assert.ok(faultsOf(changes.toSpliced(index, 1)) > 0));
    if (index >= 2)
      test(`finds changes ${index - 1} and ${index} exchanged`, () =>
        assert.ok(faultsOf(changes.toSpliced(index - 1, 2, changes[index]!, changes[index - 1]!)) > 0));
  }

  test('finds a row that the database has otherwise', () => {
    assert.ok(faultsOf(changes, [row(2, 2), row(3, 0)]) > 0);
    assert.ok(faultsOf(changes, [row(2, 1)]) > 0);
    assert.ok(faultsOf(changes, [...database, row(4, 0)]) > 0);
  });
});
