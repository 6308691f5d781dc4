import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EventLog, SluiceError } from '../../../contract/index.ts';
import type { EventStore, StreamRetention, Upcasters } from '../event-store.ts';
import { publicationName } from '../publication/publication-names.ts';
import { positionOf } from '../publication/publication-offset.ts';
import { openSqliteEventStore } from '../sqlite/sqlite-event-store.ts';

/** In the store's folder: what tells it from another store that lay there before, so that its events are not taken for published. */
const identityFile = 'store.id';

/**
 * Opens the store of a folder for its worker: retention erases only what the log holds already. Throws SluiceError as `openSqliteEventStore`,
 * LOG_UNAVAILABLE.
 */
export async function openHostedSqlite(
  folder: string,
  log: EventLog,
  { upcasters, retention }: { readonly upcasters: Upcasters; readonly retention: StreamRetention },
): Promise<{ readonly id: string; readonly store: EventStore; readonly published: (position: bigint) => void }> {
  const offsets = await log.connectors.offsets(publicationName);
  const known = storedIdentity(folder);
  const publishedUpTo = known === null ? 0n : positionOf(offsets, known);
  const store = await openSqliteEventStore({ folder, upcasters, publishedUpTo, retention });
  try {
    return { id: known ?? newIdentity(folder), store, published: position => store.published(position) };
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

function storedIdentity(folder: string): string | null {
  try {
    return readFileSync(join(folder, identityFile), 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable(folder, error);
  }
}

/** Whole or not there, whatever dies meanwhile. The folder is this process's own by now. */
function newIdentity(folder: string): string {
  const id = randomUUID();
  try {
    writeFileSync(join(folder, `${identityFile}.new`), `${id}\n`, { flush: true });
    renameSync(join(folder, `${identityFile}.new`), join(folder, identityFile));
    return id;
  } catch (error) {
    throw unreadable(folder, error);
  }
}

function unreadable(folder: string, cause: unknown): SluiceError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new SluiceError('STORE_UNAVAILABLE', `${join(folder, identityFile)} cannot be read or written (${code}).`, { cause });
}
