import type { SQLInputValue } from 'node:sqlite';
import type { SqliteSession } from '../../sql/sqlite-session.ts';
import type { Database } from '../bookkeeping.ts';

/** A SQLite session asked with Postgres's parameters (`$1`), inside its owner's transaction. */
export function asDatabase(session: SqliteSession): Database {
  return {
    async script(text) {
      session.exec(text);
    },
    async ask(text, values = []) {
      const statement = session.prepare(text.replaceAll(/\$(\d+)/g, '?$1'));
      return statement.all(...(values as readonly SQLInputValue[]));
    },
  };
}
