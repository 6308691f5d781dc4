import type pg from 'pg';
import type { CatalogTable } from './catalog.ts';
import { connect, quoteLiteral, quoteTable } from './connection.ts';
import { databaseError } from './database-error.ts';
import { breakOffAfter, disconnect } from './disconnect.ts';
import { parseLsn } from './lsn.ts';
import type { CreatedSlot } from './replication.ts';
import type { PostgresSettings } from './settings.ts';
import { parseSnapshotView, type SnapshotView } from './snapshot-view.ts';

/** Connections that see the database at one and the same moment, until they are disposed of. */
export type SnapshotReaders = AsyncDisposable & {
  readonly clients: readonly pg.Client[];
  readonly moment: { readonly lsn: bigint; readonly view: SnapshotView };
};

/**
 * Opens the readers: under the snapshot that a slot just created exported, so that streaming from the slot brings what they do not
 * see; else under a new one, whose view says which of the stream's transactions they saw.
 */
export async function openReaders(
  settings: PostgresSettings,
  count: number,
  created: CreatedSlot | null,
  tables: readonly CatalogTable[],
  abort: AbortSignal,
): Promise<SnapshotReaders> {
  const stack = new AsyncDisposableStack();
  try {
    const clients: pg.Client[] = [];
    let snapshotName = created?.snapshotName ?? null;
    for (let index = 0; index < count; index++) {
      const client = await connect(settings.connection, false, abort);
      stack.defer(() => disconnect(client));
      stack.use(breakOffAfter(abort, client));
      clients.push(client);
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      if (snapshotName !== null) await client.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshotName)}`);
      else if (count > 1) snapshotName = (await client.query('SELECT pg_catalog.pg_export_snapshot() AS name')).rows[0].name;
    }
    const first = clients[0]!;
    const position =
      '(CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END)::text';
    const { rows } = await first.query(`SELECT pg_catalog.pg_current_snapshot()::text AS view, ${position} AS lsn`);
    const takenAt = parseLsn(rows[0].lsn);
    if (settings.snapshot.locksTables) {
      await first.query(`SET lock_timeout = ${settings.snapshot.lockTimeoutMs}`);
      for (const { id } of tables) await first.query(`LOCK TABLE ${quoteTable(id)} IN ACCESS SHARE MODE`);
    }
    return {
      clients,
      moment: { lsn: created?.consistentPoint ?? takenAt, view: parseSnapshotView(rows[0].view, takenAt) },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw databaseError(error, 'Opening the snapshot');
  }
}

/** A transaction's id of now; 0 where there is none to be had, as on a standby. */
export async function currentTransaction(client: pg.Client): Promise<number> {
  const { rows } = await client.query('SELECT pg_catalog.txid_current()::text AS id').catch(() => ({ rows: [{ id: '0' }] }));
  return Number(rows[0].id);
}
