import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectSocket, createServer } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Connection } from 'mysql2';
import { beginDump } from '../../connectors/mysql/binlog/dump.ts';
import { connect, disconnect, query } from '../../connectors/mysql/connection.ts';
import { patiently } from '../../connectors/mysql/liveness.ts';
import { listTables } from '../../connectors/mysql/server.ts';
import type { SourceSignal } from '../../src/contract/index.ts';
import type { MysqlAddress } from '../services/mysql.ts';
import { startToxiproxy, type ToxicProxy, type ToxiproxyServer } from '../services/toxiproxy.ts';
import { connectMysql, type FreshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { execute } from './incremental-run.ts';
import { freshServerId, settingsOf } from './mysql-decoded-tables.ts';
import { itemsDatabase, mysqlRunOf } from './mysql-incremental-run.ts';

/** Short ones, but for the answer: what counts is the order of things, not how long they take. */
const timings = { everyMs: 10, checks: 2, answerMsMax: 60_000 };
const servers = { mysql: await sharedMysql(), mariadb: await sharedMariadb() };
const silence = { code: 'DATABASE_UNAVAILABLE', message: /nothing has come from the server for \d+ s, and it does not answer/ };
const comRegisterReplica = 0x15;

/** What is done once it streams, and with the first records. */
type More = { readonly signal?: SourceSignal; readonly onRecords?: () => Promise<void> };

/** A turn of the loop. */
const turn = () => new Promise(resolve => setImmediate(resolve));

/** Timers stand still from here on, but for what `hurried` and the answer do: it brings them to the present moment. */
function stopTimers(t: TestContext): () => void {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  let tickedMs = performance.now();
  return () => {
    const wholeMs = Math.floor(performance.now() - tickedMs);
    t.mock.timers.tick(wholeMs);
    tickedMs += wholeMs;
  };
}

/** A second passes at each turn of the loop, until it is settled. */
async function hurried(t: TestContext, settled: Promise<unknown>): Promise<void> {
  let over = false;
  const end = () => {
    over = true;
  };
  settled.then(end, end);
  for (; !over; await turn()) t.mock.timers.tick(1_000);
}

/** The network dies without a word. */
async function mute(proxy: ToxicProxy): Promise<void> {
  await proxy.add({ type: 'timeout', attributes: { timeout: 0 } });
  await proxy.add({ type: 'timeout', attributes: { timeout: 0 } }, 'upstream');
}

/** A way to the server on which nothing comes back any more once a replica has registered; its port, and when that was. */
async function muteRegistration({ host, port }: MysqlAddress): Promise<AsyncDisposable & { port: number; registered: Promise<void> }> {
  const registered = Promise.withResolvers<void>();
  let silent = false;
  const relay = createServer(client => {
    const upstream = connectSocket(port, host);
    client.on('data', bytes => {
      // The command is a packet of its own: a length of three bytes, its number, and the code.
      silent ||= bytes[3] === 0 && bytes[4] === comRegisterReplica;
      upstream.write(bytes);
      if (silent) registered.resolve();
    });
    upstream.on('data', bytes => void (silent || client.write(bytes)));
    client.on('close', () => upstream.destroy()).on('error', () => {});
    upstream.on('close', () => client.destroy()).on('error', () => {});
  });
  await once(relay.listen(0, '127.0.0.1'), 'listening');
  const address = relay.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    port: address.port,
    registered: registered.promise,
    async [Symbol.asyncDispose]() {
      await once(relay.close(), 'close');
    },
  };
}

for (const flavor of ['mysql', 'mariadb'] as const) {
  describe(`${flavor}: a connection from which nothing comes`, { timeout: 240_000 }, () => {
    const server: MysqlAddress = servers[flavor];
    const resources = new AsyncDisposableStack();
    let toxiproxy: ToxiproxyServer;
    let database: FreshMysqlDatabase;
    /** They lack the right to see others' threads, and to lock the server. */
    const reader = { user: '', password: 'reads' };
    const stranger = { user: '', password: 'looks' };

    before(async () => {
      toxiproxy = resources.use(await startToxiproxy());
      database = resources.use(await itemsDatabase(server));
      [reader.user, stranger.user] = [`${database.name}_r`, `${database.name}_s`];
      for (const { user, password } of [reader, stranger]) {
        await database.run(`create user ${user} identified by '${password}'`);
        resources.defer(async () => {
          await using admin = await connectMysql(server);
          await admin.query(`drop user ${user}`);
        });
      }
      await database.run(
        `grant select, lock tables on ${database.name}.* to ${reader.user}; grant replication slave, replication client on *.* to ${reader.user}`,
      );
    });
    after(() => resources.disposeAsync());

    async function opened(login: { readonly user: string; readonly password: string }): Promise<AsyncDisposable & { client: Connection }> {
      const client = await connect(settingsOf({ ...server, ...login }));
      return { client, [Symbol.asyncDispose]: () => disconnect(client) };
    }

    test('is left alone where the server is still at it: a user sees its own threads, whatever its rights', async () => {
      await using reading = await opened(reader);
      await using control = await opened(reader);
      const questions = async () => {
        const [row] = await query(control.client, "SHOW SESSION STATUS LIKE 'Questions'");
        return Number(row?.['Value']);
      };
      const before = await questions();
      const answer = await patiently(
        reading.client,
        control.client,
        () => query(reading.client, 'SELECT SLEEP(0.5) AS slept', [], null),
        timings,
      );
      assert.deepEqual(
        answer.map(row => Number(row['slept'])),
        [0],
      );
      assert.ok((await questions()) > before + 1, 'it was asked');
    });

    test('is broken off where the server knows nothing of it', async () => {
      await using reading = await opened(reader);
      await using control = await opened(stranger);
      const waiting = patiently(reading.client, control.client, () => query(reading.client, 'SELECT SLEEP(60)', [], null), timings);
      await assert.rejects(waiting, {
        code: 'DATABASE_UNAVAILABLE',
        message: /nothing has come from the server for \d+ s, and it knows nothing of this connection any more/,
      });
    });

    /** The threads of the reader that run a statement. */
    async function busyWith(statement: RegExp): Promise<readonly number[]> {
      const [found] = await database.connection.query('select id, info from information_schema.processlist where user = ?', [reader.user]);
      return (found as { id: number; info: string | null }[]).filter(({ info }) => statement.test(info ?? '')).map(({ id }) => id);
    }

    /** Runs the connector until it waits for its server with that statement, then has the network die; it finds out. */
    async function findsOut(t: TestContext, statement: RegExp, options: Readonly<Record<string, string>>, more: More = {}): Promise<void> {
      const proxy = await toxiproxy.proxyTo(server);
      const run = mysqlRunOf(flavor, server, database, {
        'table.include.list': `${database.name}.items`,
        'database.port': String(proxy.port),
        'database.user': reader.user,
        'database.password': reader.password,
        ...options,
      });
      const goOn = stopTimers(t);
      let ended = false;
      let told = false;
      const running = run.run(async ({ records }) => {
        if (records.length > 0 && !told) {
          told = true;
          await more.onRecords?.();
        }
        return 'append' as const;
      });
      const end = () => {
        ended = true;
      };
      running.then(end, end);
      while (more.signal !== undefined && run.source?.status().phase !== 'streaming' && !ended) {
        await turn();
        goOn();
      }
      if (more.signal !== undefined) await run.source?.signal?.(more.signal);
      let threads: readonly number[] = [];
      while (threads.length === 0 && !ended) {
        threads = await busyWith(statement);
        goOn();
      }
      await mute(proxy);
      await hurried(t, running);
      t.mock.timers.reset();
      // One may have ended by itself meanwhile.
      for (const thread of await busyWith(statement)) await database.connection.query(`kill ${thread}`).catch(() => {});
      await assert.rejects(running, silence);
    }

    test('a snapshot finds out while it reads rows', async t => {
      await findsOut(t, /SLEEP\(0\.01\)/, {
        'snapshot.mode': 'initial',
        'snapshot.select.statement.overrides': `${database.name}.items`,
        [`snapshot.select.statement.overrides.${database.name}.items`]: `SELECT * FROM ${database.name}.items WHERE SLEEP(0.01) = 0`,
      });
    });

    test('a snapshot finds out while it waits for a lock', async t => {
      await using holder = await connectMysql(server, { database: database.name });
      // What it has changed may be read, and the table not be locked.
      await holder.query('begin; update items set v = v + 1 where id = 1');
      await findsOut(t, /^LOCK TABLES/, { 'snapshot.mode': 'initial', 'snapshot.lock.timeout.ms': '60000' });
    });

    test('a chunk finds out while it waits for its table', async t => {
      await using holder = await connectMysql(server, { database: database.name });
      const data = execute([`${database.name}.items`]);
      const onRecords = async () => void (await holder.query('lock tables items write'));
      const options = { 'read.only': 'true', 'incremental.snapshot.chunk.size': '10', 'include.schema.changes': 'false' };
      await findsOut(t, /^SELECT 1 FROM .*items/, options, { onRecords, signal: { id: 'all', type: 'execute-snapshot', data } });
    });

    test('a statement that is not answered in time leaves no connection on which others wait for that answer', async () => {
      await using asked = await opened(reader);
      const silent = { code: 'DATABASE_UNAVAILABLE', message: /nothing has come from the server for \d+ s/ };
      await assert.rejects(query(asked.client, 'SELECT SLEEP(60)', [], 50), silent);
      await assert.rejects(query(asked.client, 'SELECT 1', [], null), { code: 'DATABASE_UNAVAILABLE' });
    });

    test('a statement that a server may refuse is not taken for refused where none answers', async t => {
      const proxy = await toxiproxy.proxyTo(server);
      const client = await connect(settingsOf({ ...server, ...reader, port: proxy.port }));
      await mute(proxy);
      stopTimers(t);
      const listed = listTables(client);
      await hurried(t, listed);
      t.mock.timers.reset();
      await assert.rejects(listed, { code: 'DATABASE_UNAVAILABLE', message: /nothing has come from the server for 20 s/ });
      await disconnect(client);
    });

    test('a login finds out that a statement of database.initial.statements is not answered', async t => {
      stopTimers(t);
      const login = connect({ ...settingsOf({ ...server, ...reader }), initialStatements: ['SELECT SLEEP(3600)'] });
      let ended = false;
      const end = () => {
        ended = true;
      };
      login.then(end, end);
      while (!ended && (await busyWith(/SLEEP\(3600\)/)).length === 0) await turn();
      await hurried(t, login);
      t.mock.timers.reset();
      for (const thread of await busyWith(/SLEEP\(3600\)/)) await database.connection.query(`kill ${thread}`).catch(() => {});
      await assert.rejects(login, { code: 'DATABASE_UNAVAILABLE', message: /nothing has come from the server for 45 s/ });
    });

    test('a replica finds out that its registration is not answered', async t => {
      await using way = await muteRegistration(server);
      const client = await connect(settingsOf({ ...server, port: way.port }));
      stopTimers(t);
      const settings = { flavor, serverId: freshServerId(), heartbeatMs: 1_000, statements: false };
      const begun = beginDump(client, settings, { file: 'binlog.000001', position: 4, gtids: null });
      await way.registered;
      await hurried(t, begun);
      t.mock.timers.reset();
      await assert.rejects(begun, { code: 'DATABASE_UNAVAILABLE', message: /nothing has come from the server for \d+ s/ });
      await disconnect(client);
    });
  });
}
