import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type PostgresServer, startPostgres } from '../services/postgres.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { connectTo } from '../support/fresh-database.ts';
import { until } from '../support/until.ts';
import { ask, type Config, changesIn, connectorOf, failure, progressOf, retrying, untilLogged } from './bad-input-fixture.ts';
import { TcpProxy } from './bad-input-proxy.ts';

/** It ended by itself: one that is not done after 9.5 s ends itself, and says that instead. */
function assertStopped(daemon: Daemon): void {
  assert.match(daemon.log(3), /The worker has stopped/);
  assert.doesNotMatch(daemon.log(3), /did not stop in time/);
}

const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `c${from + index}`);

describe('a stream that breaks', { timeout: 180_000 }, () => {
  const resources = new AsyncDisposableStack();
  let server: PostgresServer;
  let daemon: Daemon;

  before(async () => {
    // What was committed must survive the crash below, or the log would hold more than the database.
    server = resources.use(await startPostgres({ version: 18, settings: { synchronous_commit: 'on' } }));
    daemon = resources.use(await startDaemon({}));
  });
  after(() => resources.disposeAsync());

  const run = async (script: string) => {
    await using client = await connectTo(server.url);
    await client.query(script);
  };

  /** A streaming connector of one table, named as it is. */
  const stream = async (name: string, config: Config = {}) => {
    await run(`create table ${name} (id int primary key, v text)`);
    const own = { 'topic.prefix': name, 'slot.name': name, 'publication.name': name, 'table.include.list': `public.${name}` };
    const body = { name, config: { ...connectorOf(server.url), ...own, 'publication.autocreate.mode': 'filtered', ...config } };
    assert.equal((await ask(daemon, 'POST', '/connectors', body)).status, 201);
    await until(async () => (await progressOf(daemon, name))?.phase === 'streaming', { what: `${name} to stream` });
    return `${name}.public.${name}`;
  };

  test('a malformed replication message stops the task; mended, it goes on with everything', async () => {
    await using proxy = await TcpProxy.start(server.port);
    const topic = await stream('malformed', { 'database.port': String(proxy.port), 'database.sslmode': 'disable' });
    await run(`insert into malformed values (1, 'fine')`);
    await untilLogged(daemon, topic, ['c1']);
    // The byte before a value's length says what kind of value it is; there is none of kind x.
    const value = Buffer.from('t\0\0\0\x0acorrupt me', 'latin1');
    proxy.change = bytes => {
      const at = bytes.indexOf(value);
      if (at >= 0) bytes[at] = 'x'.charCodeAt(0);
    };
    await run(`insert into malformed values (2, 'corrupt me')`);
    const trace = await failure(daemon, 'malformed');
    assert.match(trace, /^MALFORMED_MESSAGE: /);
    assert.match(trace, /The replication stream cannot be read: check versions and proxies between here and the server/);
    assert.doesNotMatch(trace, /corrupt me/);
    assert.deepEqual(await changesIn(daemon, topic), ['c1']);
    proxy.change = () => {};
    await run(`insert into malformed values (3, 'fine')`);
    assert.equal((await ask(daemon, 'POST', '/connectors/malformed/tasks/0/restart')).status, 204);
    await untilLogged(daemon, topic, ['c1', 'c2', 'c3']);
    await ask(daemon, 'DELETE', '/connectors/malformed');
  });

  test('a server that is stopped is waited for with growing pauses, and said; nothing is lost or doubled', async () => {
    const topic = await stream('stopped');
    await run(`insert into stopped select n from generate_series(1, 50) n`);
    await untilLogged(daemon, topic, ids(1, 50));
    await server.stop();
    const first = await retrying(daemon, 'stopped');
    assert.equal(first.code, 'DATABASE_UNAVAILABLE');
    assert.match(first.remedy, /Check that the database is up and can be reached from here; the task goes on by itself/);
    const { body } = await ask(daemon, 'GET', '/connectors/stopped/status');
    const [task] = (body as { tasks: { state: string; trace?: string }[] }).tasks;
    assert.deepEqual([task?.state, task?.trace], ['RUNNING', undefined]);
    await until(async () => ((await progressOf(daemon, 'stopped'))?.retrying?.attempts ?? 0) >= 2, { what: 'a second attempt' });
    await server.start();
    await run(`insert into stopped select n from generate_series(51, 100) n`);
    await untilLogged(daemon, topic, ids(1, 100));
    await until(async () => (await progressOf(daemon, 'stopped'))?.state === 'RUNNING', { what: 'the task to be well' });
    await ask(daemon, 'DELETE', '/connectors/stopped');
  });

  test('SIGTERM ends the daemon within 10 s, amid changes; the next start goes on with everything', async () => {
    const topic = await stream('ended');
    let inserted = 0;
    let busy = true;
    const load = (async () => {
      await using client = await connectTo(server.url);
      while (busy) await client.query('insert into ended values ($1)', [++inserted]);
    })();
    await until(async () => (await changesIn(daemon, topic)).length > 100, { what: 'changes in the log' });
    await daemon.stop('SIGTERM');
    assertStopped(daemon);
    busy = false;
    await load;
    await daemon.start();
    await untilLogged(daemon, topic, ids(1, inserted));
    await ask(daemon, 'DELETE', '/connectors/ended');
  });

  test('SIGTERM ends the daemon within 10 s also where the database has fallen silent', async () => {
    await using proxy = await TcpProxy.start(server.port);
    const topic = await stream('silent', { 'database.port': String(proxy.port), 'database.sslmode': 'disable' });
    await run('insert into silent values (1)');
    await untilLogged(daemon, topic, ['c1']);
    proxy.hold();
    await daemon.stop('SIGTERM');
    assertStopped(daemon);
  });
});
