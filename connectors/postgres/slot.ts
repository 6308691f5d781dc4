import type pg from 'pg';
import { type Logger, SluiceError } from '../../src/contract/index.ts';
import { databaseError } from './database-error.ts';
import { parseLsn } from './lsn.ts';
import { promptQuery } from './prompt-query.ts';

/** Which slot a connector reads, and how. */
export type SlotSettings = {
  readonly name: string;
  readonly dropOnStop: boolean;
  readonly failover: boolean;
  /** `slot.max.retries` and `slot.retry.delay.ms`: further looks at a slot that another connection reads. */
  readonly retriesMax: number;
  readonly retryDelayMs: number;
};

/** A replication slot as pg_replication_slots shows it. */
export type Slot = {
  readonly plugin: string;
  readonly slotType: string;
  readonly database: string;
  readonly active: boolean;
  readonly activePid: number | null;
  /** Everything before it has been given up; null in a slot that never reached consistency. */
  readonly confirmedFlushLsn: bigint | null;
  /** `lost`: the server removed WAL the slot needs (max_slot_wal_keep_size). */
  readonly walStatus: string | null;
  /** Why it is lost, in the server's words (PostgreSQL 17 and newer: `wal_removed`, `idle_timeout` ...). */
  readonly lostReason: string | null;
};

/** The slot of that name, or null. */
export async function findSlot(client: pg.Client, name: string): Promise<Slot | null> {
  const { rows } = await promptQuery(
    client,
    `SELECT plugin, slot_type, database, active, active_pid, confirmed_flush_lsn::text AS confirmed, wal_status,
            pg_catalog.to_jsonb(s) ->> 'invalidation_reason' AS reason
       FROM pg_catalog.pg_replication_slots s WHERE slot_name = $1`,
    [name],
  );
  const row = rows[0];
  if (!row) return null;
  return {
    plugin: row.plugin ?? '',
    slotType: row.slot_type,
    database: row.database ?? '',
    active: row.active,
    activePid: row.active_pid,
    confirmedFlushLsn: row.confirmed === null ? null : parseLsn(row.confirmed),
    walStatus: row.wal_status,
    lostReason: row.reason,
  };
}

/** What keeps a slot from being used by this connector, or null. */
export function slotFault(name: string, slot: Slot, database: string): SluiceError | null {
  if (slot.slotType !== 'logical' || slot.plugin !== 'pgoutput') {
    return new SluiceError(
      'SLOT_INVALID',
      `The replication slot "${name}" is ${slot.slotType === 'logical' ? `for the plugin ${slot.plugin}` : 'a physical one'}, not a logical one for pgoutput.`,
    );
  }
  if (slot.database !== database)
    return new SluiceError(
      'SLOT_INVALID',
      `The replication slot "${name}" belongs to the database "${slot.database}", not to "${database}".`,
    );
  if (slot.walStatus === 'lost')
    return new SluiceError(
      'SLOT_LOST',
      (slot.lostReason ?? 'wal_removed') === 'wal_removed'
        ? `The server has removed log that the replication slot "${name}" still needed (max_slot_wal_keep_size).`
        : `The server has given the replication slot "${name}" up (${slot.lostReason}), and with it the log that was still needed.`,
    );
  if (slot.active)
    return new SluiceError('SLOT_IN_USE', `The replication slot "${name}" is in use by another connection (process ${slot.activePid}).`);
  return null;
}

/** Before anything is made in the database: without it the slot could not be. Throws WAL_LEVEL. */
export async function requireLogicalLog(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ wal_level: string }>('SHOW wal_level');
  const level = rows[0]?.wal_level;
  if (level !== 'logical') throw new SluiceError('WAL_LEVEL', `The server's wal_level is ${level}, and logical decoding needs logical.`);
}

/** `slot.drop.on.stop`. That it could not be dropped is warned of. */
export async function dropSlot(client: pg.Client, name: string, logger: Logger): Promise<void> {
  const drop = 'SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1';
  await client
    .query(drop, [name])
    .catch(error => logger.warn({ slot: name }, databaseError(error, `The replication slot "${name}" was not dropped`).message));
}
