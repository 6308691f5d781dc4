import { readFileSync } from 'node:fs';
import { type RawConfig, SluiceError } from '../contract/index.ts';

/** How a worker's file says where a service is kept in PostgreSQL. It holds secrets. */
export type ServiceDatabase = {
  readonly 'database.hostname': string;
  readonly 'database.port': number;
  readonly 'database.user': string | null;
  readonly 'database.password': string | null;
  readonly 'database.dbname': string | null;
  readonly 'database.sslmode': 'disable' | 'require' | 'verify-ca' | 'verify-full';
  readonly 'database.sslrootcert': string | null;
};

/** How the service itself connects. `service` as the file names it. Throws SluiceError CONFIG_INVALID where the authorities' file cannot be read. */
export function connectionOf(service: string, config: ServiceDatabase) {
  const mode = config['database.sslmode'];
  const [user, password, database] = [config['database.user'], config['database.password'], config['database.dbname']];
  return {
    host: config['database.hostname'],
    port: config['database.port'],
    ...(user !== null && { user }),
    ...(password !== null && { password }),
    ...(database !== null && { database }),
    ssl: mode === 'disable' ? false : tlsOf(service, mode, config['database.sslrootcert']),
  };
}

function tlsOf(service: string, mode: 'require' | 'verify-ca' | 'verify-full', file: string | null) {
  const ca = file === null ? {} : { ca: authorities(service, file) };
  if (mode === 'require') return { ...ca, rejectUnauthorized: false };
  return { ...ca, rejectUnauthorized: true, ...(mode === 'verify-ca' && { checkServerIdentity: () => undefined }) };
}

function authorities(service: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new SluiceError('CONFIG_INVALID', `services.${service}.database.sslrootcert: ${file} cannot be read (${code}).`, {
      cause: error,
    });
  }
}

/** How the connector reaches the same database: the texts of the worker's file, with their placeholders, so that no secret is stored. */
export function databaseOf(config: ServiceDatabase, raw: RawConfig): RawConfig {
  const names = ['hostname', 'port', 'user', 'password', 'dbname', 'sslmode', 'sslrootcert'] as const;
  return Object.fromEntries(
    names.flatMap(name => {
      const option = `database.${name}` as const;
      const text = raw[option] ?? (config[option] === null ? null : String(config[option]));
      return text === null ? [] : [[option, text]];
    }),
  );
}
