import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { type Daemon, newDaemon } from '../support/daemon.ts';
import { type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { publishedInEmbedded } from '../support/published.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';

const root = join(import.meta.dirname, '..', '..');
const flow = join(root, 'config', 'examples', 'user-flow');

/** A mail service: it answers that it is down until it is told otherwise, and keeps what it was asked for. */
class MailService implements AsyncDisposable {
  down = true;
  refused = 0;
  readonly accepted: { readonly key: string; readonly to: string }[] = [];
  readonly #server = createServer((request, response) => {
    request.setEncoding('utf8');
    let body = '';
    request.on('data', text => {
      body += text;
    });
    request.on('end', () => {
      if (this.down) this.refused++;
      else this.accepted.push({ key: String(request.headers['idempotency-key']), to: JSON.parse(body).to });
      response.writeHead(this.down ? 503 : 202).end();
    });
  });

  async start(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mails`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe('the user flow of the examples, on the embedded log', { timeout: 180_000 }, () => {
  const resources = new AsyncDisposableStack();
  const mails = resources.use(new MailService());
  const scratch = resources.use({ folder: new ScratchFolder('user-flow'), [Symbol.asyncDispose]: async () => {} }).folder;
  let database: FreshDatabase;
  let daemon: Daemon;

  before(async () => {
    const server = await sharedPostgres(18);
    database = resources.use(await freshDatabase(server));
    await database.run(readFileSync(join(flow, 'users.sql'), 'utf8'));
    await database.run("insert into users (name, email) values ('Ann', 'ann@example.com'), ('Bob', 'bob@example.com')");
    daemon = resources.use(await newDaemon({}));
    daemon.workerFile = join(flow, 'worker.yaml');
    daemon.environment = {
      LISTENERS: daemon.url,
      DATABASE_HOST: server.host,
      DATABASE_PORT: String(server.port),
      DATABASE_USER: server.user,
      DATABASE_PASSWORD: server.password,
      DATABASE_NAME: database.name,
      DATA_FOLDER: scratch.path,
      MAIL_URL: await mails.start(),
    };
    daemon.workingFolder = root;
    await daemon.start();
  });
  after(async () => {
    await resources.disposeAsync();
    scratch[Symbol.dispose]();
  });

  const cacheFile = (id: number) => scratch.file('cache', `user-${id}.json`);
  const query = (file: string, sql: string) => {
    const opened = new DatabaseSync(scratch.file(file), { readOnly: true, timeout: 1000 });
    try {
      return opened
        .prepare(sql)
        .all()
        .map(row => ({ ...row })); // their prototype is null
    } finally {
      opened.close();
    }
  };
  const indexed = () => query('user-index.db', 'select rowid as id, name, email from users order by rowid');
  const viewed = () => query('views.db', 'select id, name, email, city from user_view order by id');

  /** What was published to a topic, without times. */
  async function published(topic: string): Promise<{ readonly key: unknown; readonly value: Readonly<Record<string, unknown>> }[]> {
    const found = [];
    for await (const { key, value } of publishedInEmbedded(scratch.file('log'), [topic])) {
      const { at, ...event } = JSON.parse(value ?? 'null');
      assert.equal(typeof at, 'number');
      found.push({ key: JSON.parse(key), value: event });
    }
    return found;
  }

  /** Waits until something has become what it should be, and says the difference where it has not. */
  async function becomes(found: () => unknown, expected: unknown): Promise<void> {
    let last: unknown;
    const same = async () => {
      try {
        last = await found();
        assert.deepEqual(last, expected);
        return true;
      } catch (error) {
        last ??= error;
        return false;
      }
    };
    await until(same, { what: 'the flow', timeoutMs: 60_000 }).catch(() => assert.deepEqual(last, expected, daemon.log()));
  }

  test('users that were there before are indexed and viewed, and are no news', async () => {
    await becomes(indexed, [
      { id: 1, name: 'Ann', email: 'ann@example.com' },
      { id: 2, name: 'Bob', email: 'bob@example.com' },
    ]);
    await becomes(viewed, [
      { id: 1, name: 'Ann', email: 'ann@example.com', city: null },
      { id: 2, name: 'Bob', email: 'bob@example.com', city: null },
    ]);
  });

  test('a change of a user reaches the index, the cache, the view, and those who want to know', async () => {
    mkdirSync(scratch.file('cache'), { recursive: true });
    for (const id of [1, 2]) writeFileSync(cacheFile(id), '{}');
    await database.run("insert into users (name, email) values ('Cid', 'cid@example.com')");
    await database.run("insert into user_profiles values (3, 'Oslo', null)");
    await database.run(`update users set preferences = '{"theme": "dark"}' where id = 1`);
    await database.run("update users set name = 'Anne' where id = 1");
    await database.run('delete from users where id = 2');
    await becomes(indexed, [
      { id: 1, name: 'Anne', email: 'ann@example.com' },
      { id: 3, name: 'Cid', email: 'cid@example.com' },
    ]);
    await becomes(viewed, [
      { id: 1, name: 'Anne', email: 'ann@example.com', city: null },
      { id: 3, name: 'Cid', email: 'cid@example.com', city: 'Oslo' },
    ]);
    await becomes(() => [existsSync(cacheFile(1)), existsSync(cacheFile(2))], [false, false]);
    await becomes(
      () => published('user-events'),
      [
        { key: '3', value: { type: 'UserCreated', id: 3, name: 'Cid', email: 'cid@example.com' } },
        { key: '2', value: { type: 'UserDeleted', id: 2 } },
      ],
    );
    await becomes(() => published('recommendation-requests'), [{ key: '1', value: { id: 1, preferences: { theme: 'dark' } } }]);
  });

  test('a new address is confirmed by mail when the mail service is back, once, and is published once', async () => {
    await database.run("update users set email = 'anne@example.com' where id = 1");
    await until(() => mails.refused >= 2, { what: 'the mail service to be asked again', timeoutMs: 60_000 });
    mails.down = false;
    const changed = { type: 'UserEmailChanged', id: 1, from: 'ann@example.com', to: 'anne@example.com' };
    await becomes(async () => (await published('user-events')).slice(2), [{ key: '1', value: changed }]);
    assert.equal(mails.accepted.length, 1);
    assert.equal(mails.accepted[0]!.to, 'anne@example.com');
    assert.match(mails.accepted[0]!.key, /^user-events:email-changed-1-\d+$/);
  });

  test('killed again and again, the daemon publishes every event exactly once', async () => {
    const known = (await published('user-events')).length;
    const total = 600;
    for (let round = 0; round < 3; round++) {
      const values = Array.from({ length: total / 3 }, (_, n) => `('User', 'user-${round}-${n}@example.com')`);
      for (const value of values) await database.run(`insert into users (name, email) values ${value}`);
      const reached = known + (round * total) / 3 + 1;
      await until(async () => (await published('user-events')).length >= reached, { what: 'events of this round', timeoutMs: 60_000 });
      await daemon.stop('SIGKILL');
      await daemon.start();
    }
    const emails = async () => (await published('user-events')).slice(known).map(({ value }) => value['email']);
    await until(async () => (await emails()).length >= total, { what: 'all events', timeoutMs: 60_000 });
    const { rows } = await database.client.query<{ email: string }>("select email from users where name = 'User' order by email");
    assert.deepEqual((await emails()).sort(), rows.map(({ email }) => email).sort());
    await becomes(() => indexed().length, rows.length + 2);
  });
});
