import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runCommandLine } from '../../../src/cli/command-line.ts';
import { loginOf } from '../../../src/cli/rest-login.ts';
import { paintWith } from '../../../src/cli/terminal.ts';
import { verifyPassword } from '../../../src/rest/access/password-hash.ts';
import { readUsers } from '../../../src/rest/access/users-file.ts';
import { CertificateAuthority } from '../../services/certificates.ts';
import { ScratchFolder } from '../../support/scratch-folder.ts';
import { access, basic, passwordOf, writeUsers } from '../rest/access/users.ts';
import { RestWorker } from '../rest/rest-worker.ts';

const main = join(import.meta.dirname, '..', '..', '..', 'src', 'main.ts');

/** The command as a process of its own, which reads `input`. */
async function sluice(
  args: readonly string[],
  input: string,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const child = spawn(process.execPath, [main, ...args]);
  const [out, err] = [[] as Buffer[], [] as Buffer[]];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  // A command that wants no input has closed it by then.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number];
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

describe('sluice user', () => {
  test('makes users of a file, changes them and takes them out, and shows no password', async () => {
    using folder = new ScratchFolder('user');
    const file = folder.file('users');
    const [added, second] = [
      await sluice(['user', 'ann', '--role', 'admin', '--file', file], 'geheim-eins\n'),
      await sluice(['user', 'bob', '--role', 'viewer', '--file', file], 'geheim-zwei'),
    ];
    assert.deepEqual([added.code, added.out, second.code], [0, `ann is an admin by ${file}.\n`, 0], added.err + second.err);
    assert.equal(statSync(file).mode & 0o777, 0o600, 'its owner’s alone');
    writeFileSync(file, `# people\n${readFileSync(file, 'utf8')}`);
    assert.equal((await sluice(['user', 'ann', '--role', 'operator', '--file', file], 'geheim-drei\n')).code, 0);
    const users = await readUsers(file);
    assert.deepEqual([...users.values()].map(({ name, role }) => `${name} ${role}`).sort(), ['ann operator', 'bob viewer']);
    assert.equal(await verifyPassword('geheim-drei', users.get('ann')!.password), true);
    assert.match(readFileSync(file, 'utf8'), /^# people\n/, 'what else is there stays');
    assert.ok(!readFileSync(file, 'utf8').includes('geheim') && !added.out.includes('geheim'));
    assert.equal((await sluice(['user', 'bob', '--remove', '--file', file], '')).code, 0);
    assert.deepEqual([...(await readUsers(file)).keys()], ['ann']);
  });

  test('prints the entry where no file is named', async () => {
    const { out, code } = await sluice(['user', 'ann', '--role', 'viewer'], 'geheim-eins\n');
    assert.match(out, /^ann:viewer:\$scrypt\$ln=15,r=8,p=1\$\S+\n$/);
    assert.equal(code, 0);
  });

  test('refuses what cannot be, and leaves a file that is something else as it is', async () => {
    using folder = new ScratchFolder('user');
    const file = folder.file('notes');
    writeFileSync(file, 'buy milk\n');
    const faults: readonly (readonly [args: readonly string[], input: string, message: RegExp])[] = [
      [['a:b', '--role', 'admin'], '', /cannot be a user's name/],
      [['ann', '--role', 'root'], 'geheim-eins', /--role is one of viewer, operator, admin/],
      [['ann', '--role', 'admin'], 'short\n', /fewer than 8 characters/],
      [['ann', '--role', 'admin', '--file', file], 'geheim-eins', /notes:1: the line is not NAME:ROLE:HASH/],
      [['ann', '--remove'], '', /--remove needs --file/],
    ];
    for (const [args, input, message] of faults) {
      const { code, err } = await sluice(['user', ...args], input);
      assert.equal(code, 1, args.join(' '));
      assert.match(err, message);
    }
    assert.equal(readFileSync(file, 'utf8'), 'buy milk\n');
    assert.ok(!existsSync(folder.file('none')));
  });
});

describe('a command that calls a worker', () => {
  const flags = (given: Readonly<Record<string, string>>) => ({
    terminal: { out() {}, err() {}, log() {}, interactive: false, paint: paintWith(false) },
    positionals: [],
    text: (flag: string) => given[flag] ?? null,
    on: () => false,
  });

  test('logs in as flags and environment say, flags first', async () => {
    using folder = new ScratchFolder('login');
    writeFileSync(folder.file('token'), 'abc.def.ghi\n');
    const environment = { SLUICE_USER: 'env', SLUICE_PASSWORD: 'p' };
    const header = async (given: Readonly<Record<string, string>>, variables: NodeJS.ProcessEnv) =>
      (await loginOf(flags(given), variables)).authorization;
    assert.equal(await header({}, {}), null);
    assert.equal(await header({}, environment), basic('env', 'p').authorization);
    assert.equal(await header({ user: 'flag' }, environment), basic('flag', 'p').authorization);
    assert.equal(await header({}, { SLUICE_TOKEN: 't' }), 'Bearer t');
    assert.equal(await header({ user: 'flag' }, { ...environment, SLUICE_TOKEN: 't' }), basic('flag', 'p').authorization);
    assert.equal(await header({ 'token-file': folder.file('token') }, environment), 'Bearer abc.def.ghi');
    await assert.rejects(header({ user: 'a', 'token-file': 'b' }, {}), /not both/);
    await assert.rejects(header({ user: 'a' }, {}), /There is no password for a/);
    await assert.rejects(loginOf(flags({ key: 'k' }), {}), /give --cert too/);
    await assert.rejects(loginOf(flags({ ca: folder.file('none') }), {}), { code: 'CONFIG_FILE_UNREADABLE' });
  });

  test('reaches one over TLS that asks for a certificate and a login, and says what is missing', async () => {
    using folder = new ScratchFolder('login');
    const authority = await CertificateAuthority.create(folder, 'authority');
    const pair = await authority.sign('worker', ['IP:127.0.0.1']);
    const both = folder.file('both.pem');
    writeFileSync(both, readFileSync(pair.key, 'utf8') + readFileSync(pair.certificate, 'utf8'));
    await writeUsers(folder.file('users'), { vic: 'viewer' });
    await using worker = await new RestWorker().start({
      ...access({ usersFile: folder.file('users') }),
      listeners: [{ protocol: 'https', host: '127.0.0.1', port: 0 }],
      tls: {
        prefix: 'listeners.https.',
        keyStore: { location: both, type: null, password: null, key: null, chain: null },
        keyPassword: null,
        trustStore: { location: authority.certificate, type: null, certificates: null },
        clientAuth: 'required',
        versions: { lowest: 'TLSv1.2', highest: 'TLSv1.3' },
        verifyHost: true,
      },
    });
    const run = async (args: readonly string[], variables: Readonly<Record<string, string>> = {}) => {
      const [out, err] = [[] as string[], [] as string[]];
      const terminal = {
        out: (text: string) => out.push(text),
        err: (text: string) => err.push(text),
        log() {},
        interactive: false,
        paint: paintWith(false),
      };
      Object.assign(process.env, variables);
      try {
        return { code: await runCommandLine([...args, '-u', worker.url], terminal), out: out.join(''), err: err.join('') };
      } finally {
        for (const name of Object.keys(variables)) delete process.env[name];
      }
    };
    const mine = ['--ca', authority.certificate, '--cert', both];
    assert.match((await run(['status'])).err, /No worker answers at https:.*\nName the authority of its certificate with --ca/);
    assert.match((await run(['status', ...mine])).err, /Log in to call this\.\nLog in: --user NAME/);
    const password = { SLUICE_PASSWORD: passwordOf('vic') };
    const shown = await run(['status', ...mine, '--user', 'vic'], password);
    assert.deepEqual([shown.code, shown.out], [0, `No connectors at ${worker.url}.\n`], shown.err);
    const environment = { ...password, SLUICE_USER: 'vic', SLUICE_CA: authority.certificate, SLUICE_CERT: both };
    assert.equal((await run(['status'], environment)).code, 0);
    assert.match((await run(['pause', 'c'], environment)).err, /This needs the role operator; vic has the role viewer\.\nAsk whoever runs/);
  });
});
