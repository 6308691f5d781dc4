import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ScratchFolder } from '../support/scratch-folder.ts';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** What else the demo can be asked for, and what it then runs on. */
const runs: readonly (readonly [args: readonly string[], servers: readonly RegExp[]])[] = [
  [['--source', 'mysql'], [/MySQL 9 answers/]],
  [['--source', 'mariadb'], [/MariaDB 10\.11 answers/]],
  [['--source', 'mongodb'], [/SecantusDB \(it stands in for MongoDB\) answers/]],
  [
    ['--with', 'redis,elasticsearch'],
    [/PostgreSQL 18 answers/, /Redis answers/, /Elasticsearch answers/],
  ],
];

describe('npm run demo, on servers of its own', { timeout: 600_000 }, () => {
  for (const [args, servers] of runs) {
    test(`${args.join(' ')}: log and targets agree with the database row by row`, async () => {
      using scratch = new ScratchFolder('demo');
      const demo = ['config/examples/demo/demo.ts', '--changes', '100', ...args];
      const { stdout } = await run(process.execPath, demo, { cwd: root, env: { ...process.env, TMPDIR: scratch.path } });
      for (const server of servers) assert.match(stdout, server);
      assert.match(stdout, /The log and the database agree row by row/);
      for (const target of ['view', 'cache', 'index', 'event']) assert.match(stdout, new RegExp(`${target} +agrees with the database`));
      assert.match(stdout, /The targets agree row by row: \d+ customers/);
      const left = (await readdir(scratch.path)).filter(
        name => name !== 'node-compile-cache' && !name.startsWith('sluice-elasticsearch-8'),
      );
      assert.deepEqual(left, [], 'no temporary folder is left');
    });
  }
});
