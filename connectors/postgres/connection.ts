import { readFile } from 'node:fs/promises';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import pg from 'pg';
import { SluiceError } from '../../src/contract/index.ts';
import { databaseError } from './database-error.ts';

/** How to reach the database. */
export type ConnectionSettings = {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | null;
  readonly database: string;
  /** libpq's modes (docs "SSL Support"): `prefer` takes TLS where the server offers it, `require` does not verify. */
  readonly sslMode: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
  readonly sslRootCertificateFile: string | null;
  readonly sslCertificateFile: string | null;
  readonly sslKeyFile: string | null;
  readonly sslKeyPassword: string | null;
  readonly tcpKeepAlive: boolean;
  /** SQL run on each ordinary connection after login (`database.initial.statements`). */
  readonly initialStatements: readonly string[];
};

/** Bound on login, in milliseconds. */
const connectTimeoutMs = 10_000;

/** Values must come as the same text whatever the server's or role's settings are: the column readers read one dialect. */
const sessionSettings = '-c DateStyle=ISO,MDY -c IntervalStyle=postgres -c TimeZone=UTC -c extra_float_digits=3 -c bytea_output=hex';

async function tlsOptions(settings: ConnectionSettings): Promise<TlsOptions> {
  const file = async (path: string | null) => {
    if (path === null) return undefined;
    try {
      return await readFile(path);
    } catch (cause) {
      throw new SluiceError('CONFIG_INVALID', `The TLS file ${path} cannot be read.`, { cause });
    }
  };
  const [ca, cert, key] = await Promise.all([
    file(settings.sslRootCertificateFile),
    file(settings.sslCertificateFile),
    file(settings.sslKeyFile),
  ]);
  const verify = settings.sslMode === 'verify-ca' || settings.sslMode === 'verify-full';
  return {
    rejectUnauthorized: verify,
    // verify-ca checks the chain but not the name.
    ...(settings.sslMode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(settings.sslKeyPassword ? { passphrase: settings.sslKeyPassword } : {}),
  };
}

async function attempt(settings: ConnectionSettings, replication: boolean, tls: boolean): Promise<pg.Client> {
  const client = new pg.Client({
    host: settings.hostname,
    port: settings.port,
    user: settings.user,
    database: settings.database,
    application_name: 'Sluice',
    options: sessionSettings,
    keepAlive: settings.tcpKeepAlive,
    connectionTimeoutMillis: connectTimeoutMs,
    ssl: tls ? await tlsOptions(settings) : false,
    ...(settings.password === null ? {} : { password: settings.password }),
    ...(replication ? { replication: 'database' } : {}),
  });
  // A connection lost between two statements is reported by the statement that follows.
  client.on('error', () => {});
  try {
    await client.connect();
    if (!replication) for (const statement of settings.initialStatements) await client.query(statement);
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  return client;
}

/**
 * A logged-in client; `replication` makes it a walsender's (protocol page "Streaming Replication Protocol"). Its owner ends it.
 * Throws DATABASE_UNAVAILABLE, LOGIN_REFUSED or another code of `databaseError`.
 */
export async function connect(settings: ConnectionSettings, replication = false): Promise<pg.Client> {
  const { sslMode } = settings;
  const order = sslMode === 'disable' ? [false] : sslMode === 'allow' ? [false, true] : sslMode === 'prefer' ? [true, false] : [true];
  const where = `Cannot log in to database "${settings.database}" at ${settings.hostname}:${settings.port} as "${settings.user}"`;
  for (const [index, tls] of order.entries()) {
    try {
      return await attempt(settings, replication, tls);
    } catch (error) {
      const again =
        index + 1 < order.length &&
        (tls ? /does not support SSL/i.test((error as Error).message) : (error as { code?: string }).code === '28000');
      if (!again) throw databaseError(error, where);
    }
  }
  throw new SluiceError('INTERNAL', where);
}

/** An identifier quoted for SQL. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text literal quoted for SQL, for the places where parameters are not to be had (replication commands, COPY). */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}
