import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSagaFile } from '../../../src/cli/saga-file.ts';
import { runCommand } from '../../support/command-line-run.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'sagas.md'), 'utf8');
const example = join(import.meta.dirname, '..', '..', '..', 'config', 'examples', 'order-saga', 'sagas', 'order-processing.yaml');
const folder = new ScratchFolder('saga-simulate');

/** The page's blocks, by language. */
const fenced = [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)];
const blocks = (language: string) => fenced.filter(([, of]) => of === language).map(([, , text = '']) => text);

function written(name: string, text: string): string {
  writeFileSync(folder.file(name), text);
  return folder.file(name);
}

const [yaml = ''] = blocks('yaml');
const [typescript = ''] = blocks('ts');

test('the page’s saga goes as the page says, in YAML and in TypeScript', async () => {
  const file = written('order-processing.yaml', yaml);
  const { code, out } = await runCommand(['saga', 'simulate', file]);
  assert.equal(code, 0, out);
  assert.match(out, /RESERVE_INVENTORY -> PROCESS_PAYMENT -> CONFIRM_ORDER \(pivot PROCESS_PAYMENT, deadline 2 min\)/);
  const [, shown = ''] = blocks('');
  assert.ok(shown.startsWith('PROCESS_PAYMENT is done') && out.includes(shown), out);
  assert.match(out, /^All goes well\n {2}completed; what stands: RESERVE_INVENTORY, PROCESS_PAYMENT, CONFIRM_ORDER$/m);
  assert.match(out, /^PROCESS_PAYMENT fails\n {2}compensated; nothing is left of it$/m);
  const pinned = await readSagaFile(written('order-processing.ts', typescript));
  assert.equal(pinned.hash, (await readSagaFile(file)).hash);
  assert.equal(pinned.hash, (await readSagaFile(example)).hash, 'it is the example that has services');
  const again = await runCommand(['saga', 'simulate', folder.file('order-processing.ts')]);
  assert.equal(again.out, out);
});

test('a fault is told as on the page, by file, line and place', async () => {
  const file = written('misspelt.yaml', yaml.replace('pivot: PROCESS', 'pivot: PROCES'));
  const { code, err } = await runCommand(['saga', 'simulate', file]);
  assert.equal(code, 1);
  const [shown = ''] = blocks('');
  assert.ok(err.includes(shown.slice(shown.indexOf(':')).trimEnd()), err);
});

test('a gap of the definition is exit code 1, with what to write', async () => {
  const file = written('gap.yaml', yaml.replace(".paymentId?'", ".paymentId'"));
  const { code, out } = await runCommand(['saga', 'simulate', file]);
  assert.equal(code, 1);
  assert.match(out, /gap: Write \$\.replies\.PROCESS_PAYMENT\.paymentId\? where null will do/);
  assert.match(out, /The definition leaves a gap on \d+ of them/);
  const simulation = JSON.parse((await runCommand(['saga', 'simulate', file, '--json'])).out) as { ends: { gap: string | null }[] };
  assert.ok(simulation.ends.some(({ gap }) => gap !== null) && simulation.ends.some(({ gap }) => gap === null));
});

test('what is no saga’s file is told', async () => {
  assert.match((await runCommand(['saga', 'simulate'])).err, /The file of a saga is missing/);
  assert.match((await runCommand(['saga', 'simulate', folder.file('none.ts')])).err, /there is no such file/);
  const none = written('none.mjs', 'export default { name: "s" };');
  assert.match((await runCommand(['saga', 'simulate', none])).err, /no default export made by defineSaga/);
  const wrong = written(
    'wrong.mjs',
    "import { defineSaga } from 'sluice/sagas';\nexport default defineSaga({ name: 's', start: 'a', correlation: 'id', steps: [] });",
  );
  assert.match((await runCommand(['saga', 'simulate', wrong])).err, /wrong\.mjs: defineSaga\('s'\): steps: the saga has no 'steps'/);
});
