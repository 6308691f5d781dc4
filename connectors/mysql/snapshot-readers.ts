import type { Connection } from 'mysql2';
import { type Logger, SluiceError } from '../../src/contract/index.ts';
import { type ConnectionSettings, connect, disconnect, query, quoteTable } from './connection.ts';
import { databaseFailure } from './database-error.ts';
import { breakOffAfter } from './disconnect.ts';
import { patiently } from './liveness.ts';
import type { BinlogPosition } from './position.ts';
import { type CatalogTable, currentPosition, mariadbGtids, type ServerFacts } from './server.ts';
import type { MysqlSettings } from './settings.ts';

/** Connections that see the server at one and the same place of its binlog, until they are disposed of. */
export type SnapshotReaders = AsyncDisposable & {
  readonly clients: readonly Connection[];
  readonly position: BinlogPosition;
  /** They see what stands before `position`, and nothing behind it; false: all before it that has a GTID, and maybe more. */
  readonly isExact: boolean;
  /** Whole seconds since 1970, by the server's clock: what the source block of the rows shows. */
  readonly timeSeconds: number;
};

export type ReaderParts = {
  readonly settings: MysqlSettings;
  readonly connection: ConnectionSettings;
  /** An ordinary connection, for questions about the readers' own. */
  readonly control: Connection;
  readonly server: ServerFacts;
  readonly logger: Logger;
};

type Lock = 'global' | 'tables' | 'none';

async function refused(statement: Promise<unknown>): Promise<SluiceError | null> {
  try {
    await statement;
    return null;
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'PRIVILEGE_MISSING') return error;
    throw error;
  }
}

/** Makes writes wait, on a connection of its own: its unlocking must not end the readers' transactions. */
async function lock(client: Connection, { settings, control, logger }: ReaderParts, tables: readonly CatalogTable[]): Promise<Lock> {
  const { locking, lockTimeoutMs } = settings.snapshot;
  if (locking === 'none') return 'none';
  await query(client, `SET SESSION lock_wait_timeout = ${Math.max(1, Math.ceil(lockTimeoutMs / 1000))}`);
  const global = await refused(patiently(client, control, () => query(client, 'FLUSH TABLES WITH READ LOCK', [], null)));
  if (global === null) return 'global';
  if (tables.length === 0) return 'none';
  logger.info({ reason: global.message }, 'The user may not lock the server: the captured tables are locked instead');
  const list = tables.map(({ id }) => `${quoteTable(id)} READ`).join(', ');
  const each = await refused(patiently(client, control, () => query(client, `LOCK TABLES ${list}`, [], null)));
  if (each === null) return 'tables';
  logger.info({ reason: each.message }, 'The user may not lock the captured tables either');
  return 'none';
}

/** Where MariaDB's binlog was when the transaction of this connection opened its view; null: the server does not tell. */
export async function binlogSnapshot(client: Connection): Promise<Pick<BinlogPosition, 'file' | 'position'> | null> {
  const rows = await query(client, "SHOW STATUS LIKE 'binlog_snapshot_%'");
  const value = (name: string) => rows.find(row => String(row['Variable_name']).toLowerCase() === name)?.['Value'];
  const file = value('binlog_snapshot_file');
  const position = Number(value('binlog_snapshot_position') ?? 0);
  return typeof file !== 'string' || file === '' || position === 0 ? null : { file, position };
}

/** The same with its GTIDs. */
async function viewPosition(client: Connection, server: ServerFacts): Promise<BinlogPosition | null> {
  const place = await binlogSnapshot(client);
  if (place === null) return null;
  const gtids = server.gtids ? await mariadbGtids(client, place.file, place.position) : null;
  return { ...place, gtids, partial: null, serverId: 0, timestampSeconds: null };
}

/** Of an initial snapshot: what its first moment may cost where the readers' place in the binlog is not exact. */
export function warnOfFirstMoment({ isExact }: SnapshotReaders, { gtids }: ServerFacts, logger: Logger): void {
  if (isExact) return;
  logger.warn(
    {},
    gtids
      ? 'The snapshot is taken without a lock: changes committed in the moment of its beginning may be published twice. With the right RELOAD, or LOCK TABLES on the captured tables, they are not.'
      : 'The snapshot is taken without a lock and without GTIDs: changes committed in the moment of its beginning may be published twice, or not at all. Give the right RELOAD, or LOCK TABLES on the captured tables, or set gtid_mode=ON.',
  );
}

/**
 * Opens the readers under the lock and runs `whileLocked`, for what must be of the same moment; then writes go on (but for
 * snapshot.locking.mode=extended). Without any lock there is one reader: MariaDB tells where its view stands, MySQL does not.
 */
export async function openReaders(
  parts: ReaderParts,
  count: number,
  tables: readonly CatalogTable[],
  whileLocked: (client: Connection, position: BinlogPosition) => Promise<void>,
  abort: AbortSignal,
): Promise<SnapshotReaders> {
  const { settings, connection, server, logger } = parts;
  const stack = new AsyncDisposableStack();
  try {
    const open = async () => {
      const client = await connect(connection);
      stack.defer(() => disconnect(client));
      stack.use(breakOffAfter(abort, client));
      return client;
    };
    const locking = await open();
    const taken = await lock(locking, parts, tables);
    // Read before the view opens: what commits in between comes twice, and is not missed. (Without a lock and without GTIDs the server may name
    // the place of a transaction a moment before anybody sees it.)
    const before = await currentPosition(locking, settings.flavor, server);
    const clients: Connection[] = [];
    for (let index = 0; index < (taken === 'none' ? 1 : count); index++) {
      const client = await open();
      await query(client, 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await query(client, 'START TRANSACTION WITH CONSISTENT SNAPSHOT');
      clients.push(client);
    }
    const first = clients[0]!;
    const own = taken === 'none' ? await viewPosition(first, server) : null;
    const position = own ?? before;
    const [clock] = await query(first, 'SELECT UNIX_TIMESTAMP() AS now');
    await whileLocked(first, position);
    if (taken !== 'none' && settings.snapshot.locking === 'minimal') await query(locking, 'UNLOCK TABLES');
    logger.info({ lock: taken, file: position.file, position: position.position, gtids: position.gtids }, 'The snapshot’s view is open');
    const isExact = taken !== 'none' || own !== null;
    return { clients, position, isExact, timeSeconds: Number(clock?.['now'] ?? 0), [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw databaseFailure(error, 'Opening the snapshot');
  }
}
