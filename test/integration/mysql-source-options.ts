import type { MysqlAddress } from '../services/mysql.ts';
import { freshServerId } from './mysql-decoded-tables.ts';

/** What a source of one database needs: where the server is, a server id of its own, and a schema history of that database alone. */
export function mysqlSourceOptions({ host, port, user, password }: MysqlAddress, database: string): Record<string, string> {
  return {
    'topic.prefix': 'srv',
    'database.hostname': host,
    'database.port': String(port),
    'database.user': user,
    'database.password': password,
    'database.server.id': String(freshServerId()),
    'database.include.list': database,
    'schema.history.internal.store.only.captured.tables.ddl': 'true',
    // On a server that tests share, others' statements and locks are waited for.
    'snapshot.lock.timeout.ms': '60000',
  };
}
