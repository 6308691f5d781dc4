import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { runCommandLine } from '../../../../src/cli/command-line.ts';
import { paintWith } from '../../../../src/cli/terminal.ts';
import { againstFaults, type KnownConnector } from '../../../../src/engine/verification/against.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { config, Supervised } from '../supervised.ts';

const known: readonly KnownConnector[] = [
  { name: 'shop', type: 'source' },
  { name: 'billing', type: 'source' },
  { name: 'search', type: 'sink' },
  { name: 'elsewhere', type: 'unknown' },
];

test('sinks, the log and what is not known yet may be verified against; sources may not, nor what is not there', () => {
  assert.deepEqual(againstFaults('shop', ['search', 'log', 'elsewhere'], known), { sources: [], missing: [] });
  const { sources, missing } = againstFaults('shop', ['serach', 'billing', 'shop', 'nothing-like-it'], known);
  assert.match(missing[0]!, /'serach', and there is no such sink; did you mean 'search'\?$/);
  assert.match(missing[1]!, /'nothing-like-it', and there is no such sink; sinks are search$/);
  assert.deepEqual([sources.length, missing.length], [2, 2]);
  assert.match(sources[0]!, /'billing', which is a source/);
});

test('a source that is submitted: against a source it is refused, against a sink that is not there yet it is warned of, in its status too', async () => {
  await using supervised = await new Supervised().start();
  const { supervisor } = supervised;
  const put = (name: string, against: string) =>
    supervisor.put(name, { ...config({ 'verify.against': against }), name }, { replace: true });
  await put('first', 'log');
  await assert.rejects(put('second', 'first'), {
    code: 'BAD_REQUEST',
    message: /verify\.against names 'first', which is a source/,
  });
  assert.deepEqual(supervisor.names(), ['first']);
  const { warnings } = await put('second', 'search,log');
  assert.deepEqual(
    warnings.filter(text => text.includes('verify.against')),
    [`verify.against names 'search', and there is no such sink; sinks are none`],
  );
  assert.ok(supervisor.progress('second').warnings.some(text => text.includes(`names 'search'`)));
  assert.deepEqual(
    supervisor.progress('first').warnings.filter(text => text.includes('verify')),
    [],
  );
});

test('sluice check of a worker’s files: a sink that none of them holds is a fault, with line and nearest name; of a file alone it is not known', async () => {
  using scratch = new ScratchFolder('check-against');
  mkdirSync(scratch.file('connectors'));
  const source = scratch.file('connectors/shop.yaml');
  const write = (against: string) =>
    writeFileSync(
      source,
      `name: shop\nconnector.class: postgres\ntopic.prefix: shop\ndatabase.hostname: localhost\ndatabase.user: u\ndatabase.password: p\ndatabase.dbname: d\nverify.against: ${against}\n`,
    );
  writeFileSync(
    scratch.file('connectors/lines.yaml'),
    `name: lines\nconnector.class: FileStreamSink\ntopics: shop.public.orders\nfile: ${scratch.file('lines.txt')}\n`,
  );
  writeFileSync(scratch.file('worker.yaml'), `data.dir: ${scratch.file('data')}\nconnectors: [connectors/*.yaml]\n`);
  const check = async (file: string) => {
    let out = '';
    const take = (text: string) => {
      out += text;
    };
    const terminal = { out: take, err: take, log: take, interactive: false, paint: paintWith(false) };
    return { code: await runCommandLine(['check', file, '--offline'], terminal), out: () => out };
  };
  write('line, log');
  const wrong = await check(scratch.file('worker.yaml'));
  assert.match(wrong.out(), /fault {4}line 8: verify\.against names 'line', and there is no such sink; did you mean 'lines'\?/);
  assert.equal(wrong.code, 1);
  const alone = await check(source);
  assert.deepEqual([alone.code, /verify\.against/.test(alone.out())], [0, false], alone.out());
  write('lines, log');
  const right = await check(scratch.file('worker.yaml'));
  assert.equal(right.code, 0, right.out());
});
