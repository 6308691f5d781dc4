import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket, connect as tcpConnect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect, disconnect, noTls, query } from '../../connectors/mysql/connection.ts';
import { defaultValueOptions } from '../../connectors/mysql/values/value-options.ts';
import { type MysqlServer, startMariadb, startMysql } from '../services/mysql.ts';
import { connectMysql } from '../support/fresh-mysql-database.ts';
import { until } from '../support/until.ts';
import { BinlogListener, listenUntil, openStream } from './mysql-binlog-listener.ts';
import { MysqlTableDecoder, settingsOf } from './mysql-decoded-tables.ts';

/** A TCP proxy in front of a server that can fall silent, as a network does that dies without a word. */
async function silencingProxy(port: number): Promise<{ port: number; silence(): void } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  let silent = false;
  const proxy = createServer(client => {
    const server = tcpConnect(port, '127.0.0.1');
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.on('data', chunk => void (silent || to.write(chunk)));
      from.on('close', () => silent || to.destroy());
      from.on('error', () => {});
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    silence: () => {
      silent = true;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

for (const [flavor, start] of [
  ['mysql', startMysql],
  ['mariadb', startMariadb],
] as const) {
  describe(`a ${flavor} with settings of its own`, () => {
    let server: MysqlServer;
    before(async () => {
      server = await start({ settings: { 'binlog-row-metadata': 'MINIMAL', 'binlog-row-image': 'MINIMAL', 'binlog-checksum': 'NONE' } });
    });
    after(() => server[Symbol.asyncDispose]());

    test('without names in its table maps, and without checksums, rows are read by the tables’ definitions', async () => {
      await using connection = await connectMysql(server);
      await connection.query(`create database plain; use plain;
        create table t (id int unsigned primary key, u tinyint unsigned, e enum('a', 'b') character set latin1, v varchar(9) character set latin1)`);
      await using decoder = await MysqlTableDecoder.open(flavor, server, 'plain', defaultValueOptions);
      await decoder.tables();
      await connection.query(
        "insert into t values (4294967295, 255, 'b', 'é'); flush binary logs; insert into t values (1, 1, 'a', null); delete from t where id = 1",
      );
      const changes = await decoder.changes();
      assert.deepEqual(
        changes.map(({ op, before, after }) => [op, (after ?? before)!.values]),
        [
          ['c', [4294967295n, 255, 'b', 'é']],
          ['c', [1n, 1, 'a', null]],
          ['d', [1n, null, '__debezium_unavailable_value', '__debezium_unavailable_value']],
        ],
      );
    });

    test('a purged binlog is a lost position, by file and by GTIDs', async () => {
      await using connection = await connectMysql(server);
      await connection.query('create database purged; create table purged.t (id int); flush binary logs; flush binary logs');
      const logs = async () => ((await connection.query('show binary logs'))[0] as { Log_name: string }[]).map(log => log.Log_name);
      const last = (await logs()).at(-1);
      // A binlog that a replica has just left may still count as read.
      const purged = async () => {
        await connection.query(`purge binary logs to '${last}'`);
        return (await logs())[0] === last;
      };
      await until(purged, { what: 'the older binlogs to be gone' });
      for (const from of [{ file: 'binlog.000001' }, { gtids: flavor === 'mysql' ? '' : '0-223344-1' }]) {
        await using stream = await openStream(flavor, server, from);
        const listener = new BinlogListener();
        await assert.rejects(
          listenUntil(stream, listener, () => listener.texts('heartbeat').length > 0),
          { code: 'POSITION_LOST' },
        );
      }
    });

    test('a network that falls silent is noticed within a few heartbeats', async () => {
      await using proxy = await silencingProxy(server.port);
      await using connection = await connectMysql(server);
      const [rows] = await connection.query('show binary logs');
      const file = String((rows as { Log_name: string }[]).at(-1)!.Log_name);
      await using stream = await openStream(flavor, server, { file }, { heartbeatMs: 500 }, { port: proxy.port });
      const listener = new BinlogListener();
      await listenUntil(stream, listener, () => listener.texts('heartbeat').length >= 2);
      proxy.silence();
      await assert.rejects(
        listenUntil(stream, listener, () => false),
        { code: 'DATABASE_UNAVAILABLE', message: /nothing has come from the server/ },
      );
    });

    test('a wrong password and a closed port say so', async () => {
      await assert.rejects(connect({ ...settingsOf(server), password: 'wrong' }), { code: 'LOGIN_REFUSED' });
      await assert.rejects(connect({ ...settingsOf(server), port: 1 }), { code: 'DATABASE_UNAVAILABLE' });
    });
  });
}

describe('TLS', () => {
  let server: MysqlServer;
  before(async () => {
    server = await startMysql();
  });
  after(() => server[Symbol.asyncDispose]());
  const cipher = async (tls: Partial<typeof noTls>) => {
    const connection = await connect({ ...settingsOf(server), tls: { ...noTls, ...tls } });
    try {
      const [row] = await query(connection, "show session status like 'Ssl_cipher'");
      return String(row!['Value']);
    } finally {
      await disconnect(connection);
    }
  };

  test('is used where it is asked for, for the binlog too', async () => {
    assert.equal(await cipher({ mode: 'disabled' }), '');
    assert.notEqual(await cipher({ mode: 'preferred' }), '');
    assert.notEqual(await cipher({ mode: 'required' }), '');
    await using stream = await openStream('mysql', server, {}, { heartbeatMs: 500 }, { tls: { ...noTls, mode: 'required' } });
    const listener = new BinlogListener();
    await listenUntil(stream, listener, () => listener.texts('heartbeat').length > 0);
  });

  test('checks the authority and the name where it is told to', async () => {
    const ca = await readFile(join(server.dataFolder, 'ca.pem'), 'utf8');
    assert.notEqual(await cipher({ mode: 'verify_ca', ca }), '');
    await assert.rejects(cipher({ mode: 'verify_ca' }), { code: 'TLS_FAILED' });
    await assert.rejects(cipher({ mode: 'verify_identity', ca }), { code: 'TLS_FAILED' }); // its certificate names nobody
  });
});
