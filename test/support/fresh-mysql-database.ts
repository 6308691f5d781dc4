import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';
import type { MysqlAddress } from '../services/mysql.ts';

/** A database of one's own in a shared server, with a connection to it that allows several statements in a query. */
export type FreshMysqlDatabase = AsyncDisposable & {
  readonly name: string;
  readonly connection: mysql.Connection;
  /** Runs a script of several statements. */
  run(script: string): Promise<void>;
};

/** A connection that ends when it is disposed. Its values come as text where a number would lose digits; dates as text. */
export async function connectMysql(
  { host, port, user, password }: MysqlAddress,
  options: mysql.ConnectionOptions = {},
): Promise<mysql.Connection & AsyncDisposable> {
  const connection = await mysql.createConnection({
    host,
    port,
    user,
    password,
    multipleStatements: true,
    supportBigNumbers: true,
    dateStrings: true,
    // The driver's own ten seconds are over sooner than a laden machine's longest pause.
    connectTimeout: 60_000,
    ...options,
  });
  connection.on('error', () => undefined);
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.end() });
}

/** Creates an empty database (named `name`, replacing one of that name; else by chance); dropped when disposed. */
export async function freshMysqlDatabase(
  server: MysqlAddress,
  name = `test_${randomBytes(6).toString('hex')}`,
): Promise<FreshMysqlDatabase> {
  const connection = await connectMysql(server);
  await connection.query(
    `drop database if exists ${mysql.escapeId(name)}; create database ${mysql.escapeId(name)}; use ${mysql.escapeId(name)}`,
  );
  return {
    name,
    connection,
    async run(script) {
      await connection.query(script);
    },
    async [Symbol.asyncDispose]() {
      // On a connection of its own: a test may have had the server go away meanwhile, or have left a transaction open.
      await connection.end().catch(() => {});
      await using dropping = await connectMysql(server);
      await dropping.query(`drop database if exists ${mysql.escapeId(name)}`);
    },
  };
}
