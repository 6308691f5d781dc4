import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { BasicLogin } from '../../../../src/rest/access/basic-login.ts';
import { formatHash, hashPassword, parseHash, verifyPassword } from '../../../../src/rest/access/password-hash.ts';
import { isUserName, parseUsers } from '../../../../src/rest/access/users-file.ts';
import { logged } from '../../../support/logged.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { silentLogger } from '../../../support/silent-logger.ts';
import { until } from '../../../support/until.ts';
import { RestWorker } from '../rest-worker.ts';
import { access, basic, passwordOf, writeUsers } from './users.ts';

describe('a password', () => {
  test('is stored salted, and known again', async () => {
    const [one, other] = [await hashPassword('geheim'), await hashPassword('geheim')];
    assert.notDeepEqual(one.hash, other.hash, 'the salts differ');
    const stored = parseHash(formatHash(one))!;
    assert.match(formatHash(one), /^\$scrypt\$ln=15,r=8,p=1\$/);
    assert.equal(await verifyPassword('geheim', stored), true);
    assert.equal(await verifyPassword('geheim ', stored), false);
    assert.equal(await verifyPassword('', stored), false);
  });

  test('is the same however its letters are composed', async () => {
    assert.equal(await verifyPassword('cafe\u0301', await hashPassword('caf\u00e9', { ln: 4, r: 8, p: 1 })), true);
  });

  test('whose hash would cost more than a login may is none', () => {
    const hash = '$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
    assert.ok(parseHash(`$scrypt$ln=15,r=8,p=1${hash}`));
    for (const cost of ['ln=22,r=8,p=1', 'ln=15,r=999,p=1', 'ln=15,r=8,p=17', 'ln=0,r=8,p=1'])
      assert.equal(parseHash(`$scrypt$${cost}${hash}`), null, cost);
    for (const text of ['geheim', '$2b$10$abcdefghijklmnopqrstuv', '$scrypt$ln=15,r=8,p=1$AA$AA'])
      assert.equal(parseHash(text), null, text);
  });
});

describe('a users file', () => {
  test('is refused with every bad line, and none of their text', async () => {
    const hash = formatHash(await hashPassword('x', { ln: 4, r: 8, p: 1 }));
    const text = `a:admin:${hash}\nb:root:${hash}\nc:viewer:geheim\n:viewer:${hash}\na:viewer:${hash}\ngeheim\n`;
    assert.throws(
      () => parseUsers(text, 'users'),
      ({ message }: Error) => {
        assert.match(message, /^users:2: the role of 'b' is none of viewer, operator, admin$/m);
        assert.match(message, /^users:3: what follows the role of 'c' is no hash/m);
        assert.match(message, /^users:4: the line is not NAME:ROLE:HASH$/m);
        assert.match(message, /^users:5: the user 'a' is there twice$/m);
        assert.match(message, /^users:6: the line is not NAME:ROLE:HASH$/m);
        return !message.includes('geheim') && !message.includes('scrypt');
      },
    );
  });

  test('takes names that a login can have', () => {
    for (const name of ['alice', 'a.b@example.com', 'Łukasz K', '猫']) assert.ok(isUserName(name), name);
    for (const name of ['', 'a:b', '#a', ' a', 'a ', 'a\nb', 'x'.repeat(129)]) assert.ok(!isUserName(name), name);
  });

  test('that is not there, or wrong, keeps the worker from starting', async () => {
    using folder = new ScratchFolder('users');
    writeFileSync(folder.file('wrong'), 'alice:admin:geheim\n');
    for (const [name, code] of [
      ['none', 'CONFIG_FILE_UNREADABLE'],
      ['wrong', 'CONFIG_INVALID'],
    ] as const) {
      const starting = new RestWorker();
      await assert.rejects(starting.start({ ...access({ usersFile: folder.file(name) }), started: false }), { code });
      await starting[Symbol.asyncDispose]();
    }
  });
});

describe('basic authentication', () => {
  async function withUsers(run: (worker: RestWorker, usersFile: string) => Promise<void>, changes: Parameters<typeof access>[0] = {}) {
    using folder = new ScratchFolder('basic');
    const usersFile = folder.file('users');
    await writeUsers(usersFile, { alice: 'viewer', bob: 'admin' });
    await using worker = await new RestWorker().start({ ...access({ usersFile, ...changes }), watchEveryMs: 10 });
    await run(worker, usersFile);
  }

  test('lets in who knows the password, and asks everybody else for it', () =>
    withUsers(async worker => {
      assert.equal((await worker.call('GET', '/connectors', undefined, basic('alice'))).status, 200);
      const wrong = [
        {},
        basic('alice', 'wrong'),
        basic('alice', ''),
        basic('nobody', passwordOf('alice')),
        { authorization: 'Basic %%%' },
        { authorization: `Basic ${Buffer.from('alice').toString('base64')}` },
        { authorization: 'Bearer abc.def.ghi' },
        { authorization: 'Basic' },
      ];
      for (const headers of wrong) {
        const { status, body, headers: answered } = await worker.call('GET', '/connectors', undefined, headers);
        assert.equal(status, 401, JSON.stringify(headers));
        assert.equal(answered.get('www-authenticate'), 'Basic realm="Sluice", charset="UTF-8"');
        assert.equal((body as { error_code: number }).error_code, 401);
      }
      assert.equal((await worker.call('GET', '/health')).status, 200, 'open to all');
      assert.equal((await worker.call('GET', '/health', undefined, basic('alice', 'wrong'))).status, 200, 'whatever they say');
    }));

  test('follows the file: who is new gets in, who is gone does not, roles change', () =>
    withUsers(async (worker, usersFile) => {
      const statusOf = async (name: string) => (await worker.call('PUT', '/connectors/x/pause', undefined, basic(name))).status;
      assert.equal(await statusOf('alice'), 403);
      assert.equal(await statusOf('bob'), 404);
      await writeUsers(usersFile, { alice: 'operator', carol: 'viewer' });
      await until(async () => (await statusOf('alice')) === 404, { what: 'alice to be an operator' });
      assert.equal(await statusOf('bob'), 401);
      assert.equal(await statusOf('carol'), 403);
    }));

  test('keeps the users it has where the file becomes one that cannot be read', async () => {
    using folder = new ScratchFolder('basic');
    const usersFile = folder.file('users');
    await writeUsers(usersFile, { alice: 'viewer' });
    const { logger, lines } = logged();
    await using worker = await new RestWorker().start({ ...access({ usersFile }), watchEveryMs: 10, logger });
    writeFileSync(usersFile, 'alice:viewer:half a li');
    await until(() => lines.some(({ level, message }) => level === 'error' && /those that were read before stay/.test(message)), {
      what: 'the fault to be told',
    });
    assert.equal((await worker.call('GET', '/', undefined, basic('alice'))).status, 200);
  });

  test('stops guesses from one address, and tells for how long; who is logged in goes on', t => {
    // Within one minute, however long the calls take.
    t.mock.method(Date, 'now', () => 1_000_000);
    return withUsers(
      async worker => {
        assert.equal((await worker.call('GET', '/', undefined, basic('alice'))).status, 200);
        for (let guess = 0; guess < 3; guess++)
          assert.equal((await worker.call('GET', '/', undefined, basic('bob', `g${guess}`))).status, 401);
        const { status, headers } = await worker.call('GET', '/', undefined, basic('bob'));
        assert.equal(status, 429, 'the right password, after three wrong ones');
        assert.ok(Number(headers.get('retry-after')) >= 1);
        assert.equal((await worker.call('GET', '/', undefined, basic('alice'))).status, 200);
      },
      { loginFailuresPerMinute: 3 },
    );
  });

  test('checks a login once that comes many times at once', async () => {
    using folder = new ScratchFolder('basic');
    await writeUsers(folder.file('users'), { alice: 'viewer' });
    using login = await BasicLogin.open(folder.file('users'), silentLogger, 60_000);
    const calls = (password: string) => Promise.all(Array.from({ length: 100 }, () => login.check('alice', password)));
    assert.equal(new Set((await calls(passwordOf('alice'))).map(principal => principal?.role)).size, 1);
    assert.deepEqual(new Set(await calls('wrong')), new Set([null]));
    const guesses = Array.from({ length: 100 }, (_, guess) => login.check('alice', `guess ${guess}`));
    const refused = (await Promise.allSettled(guesses)).filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 34, 'two are checked at once and 64 wait; more are turned away');
  });
});
