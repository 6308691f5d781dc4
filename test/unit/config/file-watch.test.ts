import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileWatch, watchedFolders } from '../../../src/config/file-watch.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { until } from '../../support/until.ts';

test('the folders of paths and patterns', () => {
  const folders = watchedFolders(['/a/b/*.yaml', '/a/b/c.yaml', '/d/*/x.yaml', '/e/**/*.json', '/f/g{1,2}.yaml']);
  assert.deepEqual(
    [...folders],
    [
      ['/a/b', false],
      ['/d', true],
      ['/e', true],
      ['/f', false],
    ],
  );
});

test('changes, renames and removals are told, several at once as one', async () => {
  using folder = new ScratchFolder('watch');
  let told = 0;
  using _ = new FileWatch({
    patterns: [join(folder.path, '*.yaml')],
    onChange: () => void told++,
    onFault: (_folder, message) => assert.fail(message),
  });
  const change = async (what: string, make: () => void) => {
    const before = told;
    make();
    await until(() => told > before, { what, timeoutMs: 60_000 });
  };
  await change('new files', () => {
    for (let index = 0; index < 50; index++) writeFileSync(folder.file(`${index}.yaml`), 'a: 1');
  });
  assert.ok(told < 50);
  await change('a changed file', () => writeFileSync(folder.file('0.yaml'), 'a: 2'));
  await change('a file put in its place', () => {
    writeFileSync(folder.file('new'), 'a: 3');
    renameSync(folder.file('new'), folder.file('0.yaml'));
  });
  await change('a removed file', () => rmSync(folder.file('1.yaml')));
});

test('a folder that is not there yet is told of once, and watched when it is', async () => {
  using folder = new ScratchFolder('watch');
  const later = join(folder.path, 'later');
  const faults: string[] = [];
  let told = 0;
  using _ = new FileWatch({
    patterns: [join(later, '*.yaml')],
    onChange: () => void told++,
    onFault: name => void faults.push(name),
  });
  assert.deepEqual(faults, [later]);
  mkdirSync(later);
  await until(() => told > 0, { what: 'the folder to be looked at', timeoutMs: 60_000 });
  assert.deepEqual(faults, [later]);
});
