import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { type MongodbServer, startMongodb } from '../../services/mongodb.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { CapturedCollection } from './captured-collection.ts';

const administrator = { username: 'administrator', password: 'root' };
const reader = { 'mongodb.user': 'reader', 'mongodb.password': 'first' };

// On SecantusDB, in MongoDB's place: it looks at a session's rights where that logs in.
describe('a login that is revoked', { timeout: 180_000 }, () => {
  let server: MongodbServer;
  let daemon: Daemon;

  /** Runs commands of the administrator's. */
  async function administer(...commands: readonly object[]): Promise<void> {
    await using client = await MongoClient.connect(server.url, { auth: administrator });
    for (const command of commands) await client.db('admin').command(command);
  }

  before(async () => {
    [server, daemon] = await Promise.all([startMongodb(), startDaemon({})]);
    await using open = await MongoClient.connect(server.url);
    const { username, password } = administrator;
    await open.db('admin').command({ createUser: username, pwd: password, roles: ['root'] });
    await server.stop();
    await server.start(['--auth'], `authSource=admin`);
    await administer({ createUser: 'reader', pwd: 'first', roles: ['root'] });
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  for (const { what, revoke, code, says, restore, config } of [
    {
      what: 'the password changed',
      revoke: { updateUser: 'reader', pwd: 'second' },
      code: 'LOGIN_REFUSED',
      says: /Check mongodb\.user, mongodb\.password, mongodb\.authsource/,
      restore: [],
      config: { 'mongodb.password': 'second' },
    },
    {
      what: 'the user is gone',
      revoke: { dropUser: 'reader' },
      code: 'LOGIN_REFUSED',
      says: /Check mongodb\.user/,
      restore: [{ createUser: 'reader', pwd: 'first', roles: ['root'] }],
      config: {},
    },
    {
      what: 'the right to read taken away',
      revoke: { revokeRolesFromUser: 'reader', roles: ['root'] },
      code: 'PRIVILEGE_MISSING',
      says: /Grant the user the roles `read` on what is captured .* and the action changeStream/,
      restore: [{ grantRolesToUser: 'reader', roles: ['root'] }],
      config: {},
    },
  ]) {
    test(`${what}: the stream goes on until it has to log in again`, async () => {
      await using captured = await CapturedCollection.start(server, daemon, reader, administrator);
      try {
        await administer(revoke);
        await captured.insert(4);
        await captured.holds('r1', 'r2', 'c3', 'c4');
        await captured.put('stop');
        await captured.insert(5);
        await captured.put('resume');
        const trace = await captured.failed();
        assert.ok(trace.startsWith(`${code}: `), trace);
        assert.match(trace, says);
        assert.doesNotMatch(trace, /first|second/, 'no secret in a trace');
        await captured.holds('r1', 'r2', 'c3', 'c4');
        await administer(...restore);
        if (Object.keys(config).length > 0) await captured.configure(config);
        else await captured.restart();
        await captured.holds('r1', 'r2', 'c3', 'c4', 'c5');
      } finally {
        await administer({ updateUser: 'reader', pwd: 'first' });
      }
    });
  }
});
