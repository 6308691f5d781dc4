import { postgresAddress } from '../services/postgres.ts';

/** Where a source finds its database, and as whom it logs in: of a URL with the database's name. */
export function databaseOptions(url: string): Readonly<Record<string, string>> {
  const { host, port, user, password } = postgresAddress(url);
  return {
    'database.hostname': host,
    'database.port': String(port),
    'database.user': user,
    'database.password': password || 'none',
    'database.dbname': new URL(url).pathname.slice(1),
  };
}
