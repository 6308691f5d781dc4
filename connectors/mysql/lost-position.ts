import type { Connection } from 'mysql2';
import { SluiceError } from '../../src/contract/index.ts';
import { MysqlGtidSet } from './gtid.ts';
import { MariadbGtidSet } from './mariadb-gtid.ts';
import type { BinlogPosition } from './position.ts';
import { binlogFiles, mysqlGtids, type ServerFacts } from './server.ts';
import type { MysqlSettings } from './settings.ts';

const remedy =
  'Take a new snapshot (snapshot.mode=when_needed does it by itself), and let the server keep its binlog longer (binlog_expire_logs_seconds).';

/** Whether streaming goes on by GTIDs. */
export function goesByGtids({ gtids }: BinlogPosition, server: ServerFacts, { ignoresGtids }: MysqlSettings): boolean {
  return gtids !== null && server.gtids && !ignoresGtids;
}

/** Why a stored position cannot be streamed from; null where it can, as far as the server tells before it is asked for the binlog itself. */
export async function lostPosition(
  client: Connection,
  position: BinlogPosition,
  server: ServerFacts,
  settings: MysqlSettings,
): Promise<SluiceError | null> {
  if (!goesByGtids(position, server, settings)) return lostFile(client, position);
  return settings.flavor === 'mysql' ? lostGtids(client, position.gtids!, settings.gtidSource) : null;
}

async function lostFile(client: Connection, { file, position }: BinlogPosition): Promise<SluiceError | null> {
  const files = await binlogFiles(client);
  const size = files.get(file);
  if (size === undefined) {
    const message = `The binlog file ${file} of the stored offset is not on the server any more: the changes since are not to be had.`;
    return new SluiceError('POSITION_LOST', message, { remedy });
  }
  if (position <= size) return null;
  const message = `The stored offset is at ${file}:${position}, but that binlog file ends at ${size}: it is another server's, or was put back.`;
  return new SluiceError('POSITION_LOST', message, { remedy });
}

async function lostGtids(client: Connection, gtids: string, source: ((uuid: string) => boolean) | null): Promise<SluiceError | null> {
  const keeps = (set: MysqlGtidSet) => (source === null ? set : set.retain(source));
  const { purged, executed } = await mysqlGtids(client);
  const stored = MysqlGtidSet.parse(gtids);
  const missing = keeps(MysqlGtidSet.parse(purged)).subtract(stored);
  if (!missing.isEmpty) {
    const message = `The server has purged the transactions ${missing} from its binlog, which come behind the stored offset.`;
    return new SluiceError('POSITION_LOST', message, { remedy });
  }
  const ahead = keeps(stored).subtract(MysqlGtidSet.parse(executed));
  if (ahead.isEmpty) return null;
  const message = `The stored offset holds the transactions ${ahead}, which this server does not have: it is behind, or another one's.`;
  return new SluiceError('POSITION_LOST', message, { remedy });
}

/** The set to ask the server's binlog from: what of other sources it has purged is not wanted either. */
export async function startGtids(client: Connection, gtids: string, { flavor, gtidSource }: MysqlSettings): Promise<string> {
  if (flavor === 'mariadb' || gtidSource === null) return gtids;
  const { purged } = await mysqlGtids(client);
  return MysqlGtidSet.parse(gtids)
    .union(MysqlGtidSet.parse(purged).retain(uuid => !gtidSource(uuid)))
    .toString();
}

/** Whether one GTID set holds all that another does, as the offsets have them. */
export function gtidContainment(flavor: MysqlSettings['flavor']): (outer: string, inner: string) => boolean {
  if (flavor === 'mysql') return (outer, inner) => MysqlGtidSet.parse(outer).contains(MysqlGtidSet.parse(inner));
  return (outer, inner) => MariadbGtidSet.parse(outer).contains(MariadbGtidSet.parse(inner));
}
