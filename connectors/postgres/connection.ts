import pg from 'pg';
import { SluiceError } from '../../src/contract/index.ts';
import { databaseError } from './database-error.ts';
import { breakOff, disconnect } from './disconnect.ts';
import { type TlsSettings, tlsOptions } from './tls.ts';

/** How to reach the database. */
export type ConnectionSettings = TlsSettings & {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | null;
  readonly database: string;
  readonly tcpKeepAlive: boolean;
  /** SQL run on each ordinary connection after login (`database.initial.statements`). */
  readonly initialStatements: readonly string[];
};

/** Bound on login, in milliseconds. */
const connectTimeoutMs = 10_000;
/** So long a connection may be idle before TCP asks whether the other end is still there (then every second, ten times). */
const keepAliveDelayMs = 10_000;

/** Values must come as the same text whatever the server's or role's settings are: the column readers read one dialect. */
const sessionSettings = '-c DateStyle=ISO,MDY -c IntervalStyle=postgres -c TimeZone=UTC -c extra_float_digits=3 -c bytea_output=hex';

async function attempt(
  settings: ConnectionSettings,
  replication: boolean,
  tls: boolean,
  abort: AbortSignal | undefined,
): Promise<pg.Client> {
  const client = new pg.Client({
    host: settings.hostname,
    port: settings.port,
    user: settings.user,
    database: settings.database,
    application_name: 'Sluice',
    options: sessionSettings,
    keepAlive: settings.tcpKeepAlive,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
    connectionTimeoutMillis: connectTimeoutMs,
    ssl: tls ? await tlsOptions(settings, settings.hostname) : false,
    ...(settings.password === null ? {} : { password: settings.password }),
    ...(replication ? { replication: 'database' } : {}),
  });
  // A connection lost between two statements is reported by the statement that follows.
  client.on('error', () => {});
  const end = () => breakOff(client);
  abort?.addEventListener('abort', end);
  try {
    const connecting = client.connect();
    if (abort?.aborted) end();
    await connecting;
    if (!replication) for (const statement of settings.initialStatements) await client.query(statement);
  } catch (error) {
    await disconnect(client);
    throw error;
  } finally {
    abort?.removeEventListener('abort', end);
  }
  return client;
}

/**
 * A logged-in client; `replication` makes it a walsender's (protocol page "Streaming Replication Protocol"). Its owner ends it.
 * Throws DATABASE_UNAVAILABLE, LOGIN_REFUSED or another code of `databaseError`; aborted, it gives the login up at once.
 */
export async function connect(settings: ConnectionSettings, replication = false, abort?: AbortSignal): Promise<pg.Client> {
  const { sslMode } = settings;
  const order = sslMode === 'disable' ? [false] : sslMode === 'allow' ? [false, true] : sslMode === 'prefer' ? [true, false] : [true];
  const where = `Cannot log in to database "${settings.database}" at ${settings.hostname}:${settings.port} as "${settings.user}"`;
  let refused: unknown = null;
  for (const [index, tls] of order.entries()) {
    try {
      return await attempt(settings, replication, tls, abort);
    } catch (error) {
      // No access rule fits this login with TLS, or without it.
      const unfit = (error as { code?: string }).code === '28000';
      const again =
        !abort?.aborted && index + 1 < order.length && (unfit || (tls && /does not support SSL/i.test((error as Error).message)));
      // Refused both ways: the answer by TLS says more than that there is no rule without.
      if (!again) throw loginError(unfit && refused !== null ? refused : error, where, replication ? settings.user : null);
      if (tls && unfit) refused = error;
    }
  }
  throw new SluiceError('INTERNAL', where);
}

/** `replicator`: who may lack the right that only a walsender's login needs; null with an ordinary one. */
function loginError(error: unknown, where: string, replicator: string | null): SluiceError {
  const found = databaseError(error, where);
  if (found.code !== 'PRIVILEGE_MISSING' || replicator === null) return found;
  return new SluiceError(found.code, found.message, { cause: error, remedy: `${replicationRemedy(replicator)}.` });
}

/** What lets a user open replication connections. */
export function replicationRemedy(user: string): string {
  return `Run: ALTER ROLE ${quoteIdentifier(user)} WITH REPLICATION`;
}

/** An identifier quoted for SQL. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table's name quoted for SQL, with its schema. */
export function quoteTable({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

/** A text literal quoted for SQL, for the places where parameters are not to be had (replication commands, COPY). */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}
