import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SluiceError } from '../../../contract/index.ts';
import { isLocked, storeError } from './sqlite-errors.ts';

/**
 * The owner's lock: an exclusive transaction held on a file of its own, which the system frees however the process ends. The events' own file
 * stays unlocked, so that others can read it. Closing gives it up. Throws SluiceError STORE_UNAVAILABLE where another has it.
 */
export function lockOwnership(folder: string): DatabaseSync {
  const file = join(folder, 'events.lock');
  let database: DatabaseSync | null = null;
  try {
    mkdirSync(folder, { recursive: true });
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec('begin exclusive');
    return database;
  } catch (thrown) {
    database?.close();
    if (!isLocked(thrown)) throw storeError(`lock ${file}`, thrown);
    throw new SluiceError('STORE_UNAVAILABLE', `Another process, or another part of this one, has the event store under ${folder}.`, {
      cause: thrown,
      remedy: 'End that process, or choose another folder.',
    });
  }
}
