/** Where the tables are: a Postgres server's database, or a SQLite file. */
export type TargetAddress =
  | {
      readonly kind: 'postgres';
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly user: string | null;
      readonly password: string | null;
      readonly sslMode: SslMode;
      /** File with the authorities (PEM) that the server's certificate is verified against; null: those of this machine. */
      readonly sslRootCertificateFile: string | null;
      /** The schema where tables without one are; null: as the server's search_path says. */
      readonly currentSchema: string | null;
    }
  | { readonly kind: 'sqlite'; readonly file: string };

/** libpq's modes that do not try twice. */
export type SslMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
const sslModes: readonly SslMode[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** Parameters of pgjdbc's URLs that are read here, beside user and password. */
const knownParameters = [
  'user',
  'password',
  'sslmode',
  'ssl',
  'sslrootcert',
  'currentSchema',
  'ApplicationName',
  'reWriteBatchedInserts',
  'stringtype',
];

/**
 * Reads a JDBC URL (`jdbc:postgresql://host:port/database?sslmode=require`, `jdbc:sqlite:/path/file.db`); the part behind `jdbc:` is taken alone
 * too (`postgres://user@host/database`). Throws an Error that says what is wrong, without the URL's password.
 */
export function readTargetUrl(text: string): TargetAddress {
  const plain = text.trim().replace(/^jdbc:/i, '');
  const sqlite = /^sqlite:(?:\/\/(?=\/))?(.*)$/is.exec(plain);
  if (sqlite) return readSqlite(sqlite[1]!);
  const other = /^(mysql|mariadb|oracle|sqlserver|db2|h2|starrocks|informix)\b/i.exec(plain)?.[1];
  if (other !== undefined) throw new Error(`databases of the kind ${other} are not supported, only postgresql and sqlite`);
  if (!/^postgres(ql)?:/i.test(plain)) throw new Error('it must begin with jdbc:postgresql: or jdbc:sqlite:');
  return readPostgres(plain);
}

function readSqlite(file: string): TargetAddress {
  if (file === '' || file === ':memory:') throw new Error('it names no file: what is in memory only is gone with the daemon');
  if (file.includes('?')) throw new Error('parameters behind the file are not supported');
  return { kind: 'sqlite', file };
}

function readPostgres(plain: string): TargetAddress {
  // `jdbc:postgresql:database` and `//host/database` are pgjdbc's short forms.
  const url = parsed(/^postgres(?:ql)?:\/\//i.test(plain) ? plain : plain.replace(/^(postgres(?:ql)?):\/?/i, '$1://localhost/'));
  if (url.hostname.includes(',') || url.host.includes(',')) throw new Error('several hosts are not supported');
  for (const name of url.searchParams.keys())
    if (!knownParameters.includes(name)) throw new Error(`its parameter ${name} is not supported`);
  const ssl = url.searchParams.get('ssl');
  const mode = url.searchParams.get('sslmode') ?? (ssl === 'true' || ssl === '' ? 'verify-full' : 'prefer');
  const sslMode = sslModes.find(known => known === mode);
  if (sslMode === undefined) throw new Error(`sslmode must be one of ${sslModes.join(', ')}`);
  const user = url.searchParams.get('user') ?? decodeURIComponent(url.username);
  const password = url.searchParams.get('password') ?? decodeURIComponent(url.password);
  const database = decodeURIComponent(url.pathname.slice(1)) || user;
  if (database === '') throw new Error('it names no database');
  return {
    kind: 'postgres',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: Number(url.port || 5432),
    database,
    user: user === '' ? null : user,
    password: password === '' ? null : password,
    sslMode,
    sslRootCertificateFile: url.searchParams.get('sslrootcert'),
    currentSchema: url.searchParams.get('currentSchema'),
  };
}

function parsed(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw new Error('it is no URL; an example: jdbc:postgresql://localhost:5432/shop');
  }
}

/** The place in words, without user and password. */
export function describeTarget(address: TargetAddress): string {
  return address.kind === 'sqlite' ? `SQLite file ${address.file}` : `database "${address.database}" at ${address.host}:${address.port}`;
}
