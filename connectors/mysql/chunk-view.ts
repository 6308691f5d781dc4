import type { Connection } from 'mysql2';
import { SluiceError } from '../../src/contract/index.ts';
import { query } from './connection.ts';
import { MysqlGtidSet } from './gtid.ts';
import { type BinlogPosition, compareFiles } from './position.ts';
import { mysqlGtids, type ServerFacts } from './server.ts';
import type { MysqlSettings } from './settings.ts';
import { binlogSnapshot } from './snapshot-readers.ts';
import type { StreamedTransaction } from './snapshot-view.ts';
import type { TableModel } from './table-model.ts';

/** A place between two events of the binlog. */
export type BinlogPlace = { readonly file: string; readonly position: number };

/** Whether a view surely saw a transaction. One that it may have seen, or not, counts as not seen. */
export type SurelySaw = (transaction: StreamedTransaction) => boolean;

/**
 * What a chunk was read under. Without a lock MySQL does not tell where a view stands in its binlog, only what stands before it for sure
 * (`sees`) and what comes behind it for sure (`end`). That suffices: a row that a transaction in between changed is left out of the chunk, and the
 * stream, which comes past `end` before the chunk is published, has brought that change.
 */
export type ChunkView = {
  readonly sees: SurelySaw;
  /** The end of the binlog once the chunk was read; `gtids`: all that stand before it, where they are known exactly, else null. */
  readonly end: BinlogPlace & { readonly gtids: string | null };
  /** The table's definition while the chunk was read: statements behind `end` are not in it, all before are. */
  readonly model: TableModel;
};

/**
 * How it is known what a view saw:
 * - `gtids` (MySQL): a GTID is counted as executed once its transaction is visible, so what was executed before the view was opened is seen.
 * - `place` (MariaDB): the server tells the view's exact place in the binlog.
 * - `write` (MySQL without GTIDs): commits become visible in the binlog's order, so once a write of our own has returned, everything before it
 *   is visible. The end of the binlog does not say that: a transaction stands in it before it becomes visible.
 */
export type ViewKind = 'gtids' | 'place' | 'write';

export function viewKind({ flavor }: Pick<MysqlSettings, 'flavor'>, { gtids }: ServerFacts): ViewKind {
  return flavor === 'mariadb' ? 'place' : gtids ? 'gtids' : 'write';
}

/**
 * Begins a transaction with a view of its own on this connection. `written`: of the kind `write`, where the binlog ended before the write. Throws
 * SNAPSHOT_FAILED where the server does not tell the view's place.
 */
export async function openView(client: Connection, kind: ViewKind, written: BinlogPlace | null): Promise<SurelySaw> {
  const executed = kind === 'gtids' ? MysqlGtidSet.parse((await mysqlGtids(client)).executed) : null;
  await query(client, 'START TRANSACTION WITH CONSISTENT SNAPSHOT');
  if (executed !== null) return sawExecuted(executed);
  const place = kind === 'place' ? await binlogSnapshot(client) : written;
  if (place === null)
    throw new SluiceError('SNAPSHOT_FAILED', 'The server does not tell where its view stands in the binlog (binlog_snapshot_position).', {
      remedy: 'Incremental snapshots need a server that writes its binlog.',
    });
  return ({ file, position }) => isBefore({ file, position }, place);
}

/** What a view surely saw that was opened once everything before this position was visible. */
export function sawBefore(kind: ViewKind, position: Pick<BinlogPosition, 'file' | 'position' | 'gtids'>): SurelySaw {
  if (kind === 'gtids') return sawExecuted(MysqlGtidSet.parse(position.gtids ?? ''));
  return transaction => isBefore(transaction, position);
}

function sawExecuted(executed: MysqlGtidSet): SurelySaw {
  // The rows of one transaction come one after the other.
  let asked: string | null = null;
  let saw = false;
  return ({ gtid }) => {
    if (gtid !== asked) [asked, saw] = [gtid, gtid !== null && executed.includes(gtid)];
    return saw;
  };
}

function isBefore(a: BinlogPlace, b: BinlogPlace): boolean {
  const files = compareFiles(a.file, b.file);
  return files < 0 || (files === 0 && a.position < b.position);
}

/** A stream has read everything before it, and is done with these GTIDs. */
export type ReachedPlace = BinlogPlace & { gtids(): string | null };

/**
 * Whether a stream has brought all that the view saw. By its GTIDs, too: one that has only just begun, on a server where nothing happens, is not
 * told by MariaDB at what place it is.
 */
export function isPast(reached: ReachedPlace, { end }: Pick<ChunkView, 'end'>): boolean {
  return reached.file !== '' && (!isBefore(reached, end) || (end.gtids !== null && reached.gtids() === end.gtids));
}
