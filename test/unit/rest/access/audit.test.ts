import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { createLogging } from '../../../../src/observe/logging.ts';
import { type AuditedCall, AuditLog, auditLogger } from '../../../../src/rest/access/audit.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { silentLogger } from '../../../support/silent-logger.ts';
import { config } from '../../engine/supervised.ts';
import { RestWorker } from '../rest-worker.ts';
import { access, basic, writeUsers } from './users.ts';

type Line = Readonly<Record<string, unknown>>;

/** A worker with two users and an audit file; gives the lines of both. */
async function audited(run: (worker: RestWorker, lines: () => readonly Line[], logLines: readonly Line[]) => Promise<void>): Promise<void> {
  using folder = new ScratchFolder('audit');
  const [usersFile, file] = [folder.file('users'), folder.file('deep', 'audit.log')];
  await writeUsers(usersFile, { ann: 'admin', vic: 'viewer' });
  const logLines: Line[] = [];
  const logging = createLogging({
    level: 'error',
    pretty: false,
    color: false,
    destination: { write: line => void logLines.push(JSON.parse(line) as Line) },
    nowMs: () => 0,
  });
  logging.levels.fix(auditLogger, 'INFO');
  await using worker = await new RestWorker().start({
    ...access({ usersFile, audit: { file, fileBytesMax: 1_000_000, filesMax: 2 } }),
    auditLogger: logging.logger(auditLogger),
    levels: logging.levels,
  });
  const lines = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as Line);
  await run(worker, lines, logLines);
}

describe('the audit log', () => {
  test('tells of every change: who, in which role, from where, what, of which connector, and what came of it', () =>
    audited(async (worker, lines, logLines) => {
      await worker.call('POST', '/connectors', { name: 'c', config: config({ pass: 'geheim' }) }, basic('ann'));
      await worker.call('PUT', '/connectors/c/pause', undefined, basic('ann'));
      await worker.call('PUT', '/connectors/c%2Fd/resume', undefined, basic('ann'));
      await worker.call('DELETE', '/connectors/c?secret=geheim', undefined, basic('vic'));
      await worker.call('GET', '/connectors/c', undefined, basic('vic'));
      await worker.call('GET', '/connectors/c', undefined, basic('vic', 'wrong'));
      await worker.call('PUT', '/connectors/c/stop');
      const told = lines().map(({ user, role, login, from, method, path, connector, status, outcome }) =>
        [user, role, login, from, method, path, connector, status, outcome].map(value => value ?? '-').join(' '),
      );
      assert.deepEqual(told, [
        'ann admin basic 127.0.0.1 POST /connectors c 201 done',
        'ann admin basic 127.0.0.1 PUT /connectors/c/pause c 202 done',
        'ann admin basic 127.0.0.1 PUT /connectors/c%2Fd/resume c/d 404 failed',
        'vic viewer basic 127.0.0.1 DELETE /connectors/c c 403 refused',
        'vic - - 127.0.0.1 GET /connectors/c c 401 refused',
        'unknown - - 127.0.0.1 PUT /connectors/c/stop c 401 refused',
      ]);
      assert.equal(lines()[3]!['reason'], 'This needs the role admin; vic has the role viewer.');
      assert.ok(!JSON.stringify([lines(), logLines]).includes('geheim'));
      assert.deepEqual(
        logLines.map(({ msg, level }) => [msg, level]).slice(0, 4),
        [
          ['ann POST /connectors: done', 30],
          ['ann PUT /connectors/c/pause: done', 30],
          ['ann PUT /connectors/c%2Fd/resume: failed', 40],
          ['vic DELETE /connectors/c: refused', 40],
        ],
        'also as lines of the log, although its level is error',
      );
    }));

  test('cannot be switched off by those of whom it tells', () =>
    audited(async (worker, lines, logLines) => {
      const { status, body } = await worker.call('PUT', `/admin/loggers/${auditLogger}`, { level: 'OFF' }, basic('ann'));
      assert.deepEqual([status, /is fixed/.test(JSON.stringify(body))], [400, true]);
      assert.equal((await worker.call('PUT', '/admin/loggers/root', { level: 'OFF' }, basic('ann'))).status, 200);
      await worker.call('PUT', '/connectors/c/pause', undefined, basic('ann'));
      assert.deepEqual([lines().length, logLines.length], [3, 3]);
      const { body: shown } = await worker.call('GET', `/admin/loggers/${auditLogger}`, undefined, basic('ann'));
      assert.equal((shown as { level: string }).level, 'INFO');
    }));
});

const call: AuditedCall = {
  principal: { name: 'ann', role: 'admin', by: 'basic' },
  claimed: 'ann',
  from: '127.0.0.1',
  certificate: null,
  method: 'PUT',
  path: '/connectors/c/pause',
  connector: 'c',
  status: 202,
  reason: null,
  handedOnBy: null,
  handedOnTo: null,
};

describe('the audit file', () => {
  test('is bounded: the oldest lines go', () => {
    using folder = new ScratchFolder('audit');
    const file = folder.file('audit.log');
    const audit = new AuditLog({ file, fileBytesMax: 4_096, filesMax: 3 }, silentLogger, silentLogger, () => 0);
    for (let number = 0; number < 200; number++) audit.record({ ...call, connector: `c${number}` });
    const sizes = ['', '.1', '.2'].map(end => readFileSync(`${file}${end}`).length);
    assert.ok(
      sizes.every(size => size > 0 && size <= 4_096),
      String(sizes),
    );
    assert.ok(!existsSync(`${file}.3`));
    assert.match(readFileSync(file, 'utf8'), /"connector":"c199"/);
    const kept = ['.2', '.1', ''].flatMap(end => readFileSync(`${file}${end}`, 'utf8').match(/"c\d+"/g)!);
    const first = 200 - kept.length;
    assert.deepEqual(
      kept,
      kept.map((_, index) => `"c${first + index}"`),
      'in order, none missing in between',
    );
  });

  test('holds no line breaks and nothing a terminal would obey, whatever things are called', () => {
    using folder = new ScratchFolder('audit');
    const file = folder.file('audit.log');
    const audit = new AuditLog({ file, fileBytesMax: 1_000_000, filesMax: 1 }, silentLogger, silentLogger, () => 0);
    audit.record({ ...call, principal: null, claimed: 'a\n{"user":"root"}\u001b[31m', connector: 'x\u202e\n', status: 401 });
    const text = readFileSync(file, 'utf8');
    assert.equal(text.split('\n').length, 2);
    assert.match(text, /"user":"a\?\{\\"user\\":\\"root\\"\}\?\[31m"/);
    assert.match(text, /"connector":"x\?\?"/);
  });

  test('cannot be washed away with refused logins, and says how many there were', () => {
    using folder = new ScratchFolder('audit');
    const file = folder.file('audit.log');
    let nowMs = 0;
    const audit = new AuditLog({ file, fileBytesMax: 1_000_000, filesMax: 1 }, silentLogger, silentLogger, () => nowMs);
    for (let guess = 0; guess < 1_000; guess++) audit.record({ ...call, principal: null, status: 401 });
    nowMs = 60_000;
    audit.record(call);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    assert.equal(lines.length, 61);
    assert.equal((JSON.parse(lines.at(-1)!) as Line)['refused_untold'], 940);
  });

  test('that cannot be written keeps the worker from starting', () => {
    using folder = new ScratchFolder('audit');
    const audit = { file: folder.path, fileBytesMax: 4_096, filesMax: 1 };
    assert.throws(() => new AuditLog(audit, silentLogger, silentLogger, () => 0), {
      code: 'CONFIG_INVALID',
      message: /^rest\.audit\.file: /,
    });
  });
});
