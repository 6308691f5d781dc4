import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { makeProviders } from '../../../src/config/config-providers.ts';
import { resolvePlaceholders } from '../../../src/config/placeholders.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';

const java = 'org.apache.kafka.common.config.provider.';
const environment = { DB_PASSWORD: 'geheim', OTHER: 'x' };

function resolving(folder: ScratchFolder, extra: Record<string, string> = {}, names = ['file', 'env', 'dir']) {
  writeFileSync(folder.file('db.txt'), 'password=s3cret\nuser: app\n');
  writeFileSync(folder.file('token'), 'a token\n');
  return (config: Record<string, string>) => resolvePlaceholders(config, makeProviders(names, extra, environment));
}

describe('placeholders', () => {
  test('stand for keys of files, variables and files of folders, also inside longer texts', async () => {
    using folder = new ScratchFolder('providers');
    const file = folder.file('db.txt');
    const { config, faults } = await resolving(folder)({
      a: `\${file:${file}:password}`,
      b: `jdbc:\${file:${file}:user}:\${env:DB_PASSWORD}@host`,
      c: `\${dir:${folder.path}:token}`,
      d: `plain $ {text} \${routedByValue}`,
    });
    assert.deepEqual(faults, []);
    assert.deepEqual(config, { a: 's3cret', b: 'jdbc:app:geheim@host', c: 'a token\n', d: `plain $ {text} \${routedByValue}` });
  });

  test('of an unknown provider stay, with a warning that names the nearest', async () => {
    using folder = new ScratchFolder('providers');
    const { config, warnings } = await resolving(folder)({ a: `\${evn:HOME}` });
    assert.equal(config['a'], `\${evn:HOME}`);
    assert.match(warnings[0]!.message, /no config provider 'evn'; did you mean 'env'/);
  });

  const faulty: readonly [why: string, text: (folder: string) => string, message: RegExp][] = [
    ['a file that is not there', folder => `\${file:${folder}/no.txt:password}`, /cannot be read \(ENOENT\)/],
    ['a key that is not there', folder => `\${file:${folder}/db.txt:pasword}`, /no key 'pasword'; did you mean 'password'/],
    ['a path that is not absolute', () => `\${file:db.txt:password}`, /'db\.txt' is not an absolute path/],
    ['a variable that is not set', () => `\${env:NOPE}`, /variable 'NOPE' is not set/],
    ['a path before a variable', () => `\${env:x:OTHER}`, /have no path/],
    ['a file outside the folder', folder => `\${dir:${folder}:../x}`, /not the name of a file/],
  ];
  for (const [why, text, message] of faulty)
    test(`name the option and ${why}`, async () => {
      using folder = new ScratchFolder('providers');
      const { faults } = await resolving(folder)({ 'database.password': text(folder.path) });
      assert.equal(faults.length, 1);
      assert.equal(faults[0]!.option, 'database.password');
      assert.match(faults[0]!.message, message);
    });
});

describe('config providers', () => {
  test('keep to allowed.paths and allowlist.pattern', async () => {
    using folder = new ScratchFolder('providers');
    const resolve = resolving(folder, {
      'config.providers.file.param.allowed.paths': '/etc/secrets',
      'config.providers.env.param.allowlist.pattern': 'DB_.*',
    });
    const { faults, config } = await resolve({
      a: `\${file:${folder.file('db.txt')}:password}`,
      b: `\${env:OTHER}`,
      c: `\${env:DB_PASSWORD}`,
      d: `\${file:/etc/secrets/../passwd:x}`,
    });
    assert.deepEqual(
      faults.map(({ option }) => option),
      ['a', 'b', 'd'],
    );
    assert.equal(config['c'], 'geheim');
  });

  test('are known by the classes Connect has, under any name', async () => {
    using folder = new ScratchFolder('providers');
    const resolve = resolving(folder, { 'config.providers.secrets.class': `${java}FileConfigProvider` }, ['secrets']);
    const { config } = await resolve({ a: `\${secrets:${folder.file('db.txt')}:user}` });
    assert.equal(config['a'], 'app');
  });

  test('of a class there is not are refused with the nearest', () => {
    assert.throws(() => makeProviders(['f'], { 'config.providers.f.class': `${java}FileConfigProvidr` }, {}), {
      code: 'CONFIG_INVALID',
      message: /did you mean '.*FileConfigProvider'/,
    });
    assert.throws(() => makeProviders(['vault'], {}, {}), { message: /Missing required configuration "config\.providers\.vault\.class"/ });
  });
});
