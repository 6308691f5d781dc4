import type { DatabaseSync } from 'node:sqlite';

/** Runs `work` in one transaction: whole, or, where it throws, not at all. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('begin immediate');
  try {
    const result = work();
    database.exec('commit');
    return result;
  } catch (thrown) {
    // SQLite rolls back by itself after some errors, a full disk among them.
    if (database.isTransaction) database.exec('rollback');
    throw thrown;
  }
}
