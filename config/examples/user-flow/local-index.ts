// The search index (SQLite's full-text search) and the cache (a file a user) of the flow without servers. Both may be read while this writes.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { defineHandler, type HandlerContext } from 'sluice/handler';
import type { User } from './user-events.ts';

/** One index a file, for as long as the daemon runs. */
const indexes = new Map<string, DatabaseSync>();

/** `versions` also remembers deleted users, so that an older change that comes again brings none of them back. */
const layout = `
  pragma journal_mode = wal;
  create table if not exists versions (id integer primary key, version integer not null);
  create virtual table if not exists users using fts5 (name, email);`;

function indexOf({ config }: HandlerContext): DatabaseSync {
  const file = config['index.file'];
  if (!file) throw new Error('handler.config.index.file is missing');
  let index = indexes.get(file);
  if (!index) {
    index = new DatabaseSync(file, { timeout: 1000 });
    index.exec(layout);
    indexes.set(file, index);
  }
  return index;
}

/** Writes a user as it is at a version, null for one that is gone; what is there already of a later version stays. */
function write(index: DatabaseSync, id: number, version: bigint, user: User | null): void {
  index.exec('begin immediate');
  try {
    const newer = index
      .prepare('insert into versions values (?1, ?2) on conflict (id) do update set version = ?2 where version < ?2')
      .run(id, version).changes;
    if (newer === 1) {
      index.prepare('delete from users where rowid = ?').run(id);
      if (user) index.prepare('insert into users (rowid, name, email) values (?, ?, ?)').run(id, user.name, user.email);
    }
    index.exec('commit');
  } catch (error) {
    index.exec('rollback');
    throw error;
  }
}

/** Whoever misses the file asks the database, and writes it anew. */
function evict(id: number, { config }: HandlerContext): void {
  rmSync(join(config['cache.folder'] ?? 'cache', `user-${id}.json`), { force: true });
}

export default defineHandler<{ 'shop.public.users': User }>({
  'shop.public.users': {
    onCreate({ after, version }, context) {
      write(indexOf(context), after.id, version, after);
      evict(after.id, context);
    },
    onUpdate({ after, version }, context) {
      write(indexOf(context), after.id, version, after);
      evict(after.id, context);
    },
    onDelete({ key, version }, context) {
      const id = Number(key?.['id']);
      write(indexOf(context), id, version, null);
      evict(id, context);
    },
  },
});
