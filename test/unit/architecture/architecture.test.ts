import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { rooms, violations } from './rooms.ts';
import { root, type SourceFile, sourceFiles } from './source-files.ts';

const program = sourceFiles(['src', 'connectors', 'sinks', 'transforms', 'config']);
const everything = [...program, ...sourceFiles(['test', 'bench'])];
const lineCountMax = 350;

function file(path: string, text: string): SourceFile {
  return { path, text };
}

test('every file imports only what its room may', () => {
  assert.ok(program.length > 10, 'the files are found');
  const found = program.flatMap(violations);
  assert.equal(found.length, 0, `\n${found.join('\n')}`);
});

test(`no file is longer than ${lineCountMax} lines`, () => {
  const long = everything.flatMap(({ path, text }) => {
    const lines = text.split('\n').length - 1;
    return lines > lineCountMax ? `${path} has ${lines} lines: split it by subject.` : [];
  });
  assert.equal(long.length, 0, `\n${long.join('\n')}`);
});

test('every path that a comment names exists', () => {
  const named = /(?<![\w./-])(?:src|connectors|sinks|transforms|config|docs|docker|bench|test)\/[\w./-]*\.(?:ts|js|md|ya?ml|json)\b/g;
  const missing = everything.flatMap(({ path, text }) =>
    [...text.matchAll(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$/gm)]
      .flatMap(([comment]) => comment.match(named) ?? [])
      .flatMap(target => (existsSync(join(root, target)) ? [] : `${path} names ${target}, which does not exist`)),
  );
  assert.equal(missing.length, 0, `\n${missing.join('\n')}`);
});

test('the rules find what they forbid, and say how to mend it', () => {
  const wrong: [SourceFile, RegExp][] = [
    [file('src/contract/a.ts', "import { b } from '../engine/b.ts';"), /src\/contract may import only nothing.*src\/contract/],
    [file('src/engine/a.ts', "export * from '../../connectors/postgres/b.ts';"), /src\/engine may import only src\/contract, src\/observe/],
    [file('src/engine/a.ts', "const { x } = await import('kafkajs');"), /may use only none.*room that owns it/],
    [file('connectors/postgres/a.ts', "import type { X } from '../mysql/b.ts';"), /connectors\/postgres may import only/],
    [file('connectors/postgres/a.ts', "import {\n  x,\n} from '../../src/log/b.ts';"), /src\/log\/b\.ts/],
    [file('transforms/a.ts', "import { readFileSync } from 'node:fs';"), /does no I\/O/],
    [file('transforms/a.ts', 'const now = Date.now();'), /is pure/],
    [file('sinks/redis/a.ts', "import { x } from '../views/b.ts';"), /sinks\/redis may import only src\/contract/],
    [file('src/rest/a.ts', "new Worker(new URL('../log/worker.ts', import.meta.url));"), /src\/log\/worker\.ts/],
    [file('src/main.ts', "import '../test/support/until.ts';"), /nothing that runs may import test or bench/],
    [file('src/stuff/a.ts', ''), /is in no room/],
  ];
  for (const [source, message] of wrong) assert.match(violations(source).join('\n'), message);
});

test('the rules allow what they should', () => {
  const right: SourceFile[] = [
    file('src/contract/a.ts', "// import { x } from '../engine/x.ts';\nimport { b } from './b.ts';"),
    file('src/log/kafka/a.ts', "import { Kafka } from 'kafkajs';\nimport { x } from '../../contract/index.ts';\nimport 'node:fs';"),
    file('sinks/redis/a.ts', "import { createClient } from 'redis';\nimport type { X } from '../../src/contract/index.ts';"),
    file('src/registry.ts', "const load = () => import('../connectors/postgres/plugin.ts');"),
    file('transforms/a.ts', 'const day = new Date(0);'),
  ];
  assert.deepEqual(right.flatMap(violations), []);
  assert.equal(new Set(rooms.map(({ folder }) => folder)).size, rooms.length, 'no room twice');
});
