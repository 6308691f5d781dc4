import type { Connection } from 'mysql2';
import { SluiceError } from '../../../src/contract/index.ts';
import { nothingCameFor } from '../../debezium/liveness.ts';
import { promptAnswerMsMax, query, quoteLiteral } from '../connection.ts';
import { MysqlGtidSet } from '../gtid.ts';
import { MariadbGtidSet } from '../mariadb-gtid.ts';
import { errorOfPacket, errorPacket, PacketChannel, socketOf } from '../packet-channel.ts';

export type MysqlFlavor = 'mysql' | 'mariadb';

/** Where to begin. */
export type BinlogStart = {
  /** Used where `gtids` is null. */
  readonly file: string;
  /** Of the first event wanted: 4 is a file's first. */
  readonly position: number;
  /** Everything that is not among these GTIDs, whatever file it is in: so another server may go on where one failed. null: by file. */
  readonly gtids: string | null;
};

export type DumpSettings = {
  readonly flavor: MysqlFlavor;
  readonly serverId: number;
  readonly heartbeatMs: number;
  readonly statements: boolean;
};

/** Command codes ("Replication Protocol"). */
const comBinlogDump = 0x12;
const comRegisterReplica = 0x15;
const comBinlogDumpGtid = 0x1e;
/** Dump flags: heartbeats with positions beyond 4 GB (MySQL), statements of row events (MariaDB), go by GTIDs (MySQL). */
const heartbeatV2Flag = 0x02;
const annotateRowsFlag = 0x02;
const throughGtidFlag = 0x04;

const firstPosition = 4;
/** The dump command's position has 32 bits. A file may be larger: then it is read from its beginning, and whoever reads skips. */
export const dumpPositionMax = 0xffff_ffff;

/** What the server wants to know before the dump, said in user variables. */
function sessionVariables({ flavor, heartbeatMs }: DumpSettings, start: BinlogStart): string {
  const heartbeatNs = Math.round(heartbeatMs) * 1_000_000;
  const common = `SET @master_binlog_checksum = 'CRC32', @master_heartbeat_period = ${heartbeatNs}`;
  if (flavor === 'mysql') return `${common}, @source_binlog_checksum = 'CRC32', @source_heartbeat_period = ${heartbeatNs}`;
  // Capability 4: knows MariaDB's GTIDs.
  const gtids =
    start.gtids === null
      ? ''
      : `, @slave_connect_state = ${quoteLiteral(MariadbGtidSet.parse(start.gtids).position())}, @slave_gtid_strict_mode = 0, @slave_gtid_ignore_duplicates = 0`;
  return `${common}, @mariadb_slave_capability = 4${gtids}`;
}

/** COM_REGISTER_SLAVE: the server lists us among its replicas. No host, user and password are shown. */
function registerBody(serverId: number): Buffer {
  const body = Buffer.alloc(4 + 1 + 1 + 1 + 2 + 4 + 4);
  body.writeUInt32LE(serverId, 0);
  return body;
}

function dumpBody({ flavor, serverId, statements }: DumpSettings, { file, position, gtids }: BinlogStart): { code: number; body: Buffer } {
  if (flavor === 'mysql' && gtids !== null) {
    const set = MysqlGtidSet.parse(gtids).encode();
    const body = Buffer.alloc(2 + 4 + 4 + 8 + 4 + set.length);
    body.writeUInt16LE(throughGtidFlag | heartbeatV2Flag, 0);
    body.writeUInt32LE(serverId, 2);
    body.writeUInt32LE(0, 6); // no file's name
    body.writeBigUInt64LE(BigInt(firstPosition), 10);
    body.writeUInt32LE(set.length, 18);
    set.copy(body, 22);
    return { code: comBinlogDumpGtid, body };
  }
  const name = Buffer.from(gtids === null ? file : '', 'utf8');
  const body = Buffer.alloc(4 + 2 + 4 + name.length);
  body.writeUInt32LE(gtids === null && position <= dumpPositionMax ? position : firstPosition, 0);
  body.writeUInt16LE(flavor === 'mysql' ? heartbeatV2Flag : statements ? annotateRowsFlag : 0, 4);
  body.writeUInt32LE(serverId, 6);
  name.copy(body, 10);
  return { code: comBinlogDump, body };
}

/** The server says that access is denied, in the words of a wrong password: who has logged in lacks the right. */
function registrationError(error: SluiceError): SluiceError {
  if (error.code !== 'LOGIN_REFUSED') return error;
  return new SluiceError('PRIVILEGE_MISSING', `${error.message}: the user lacks the right REPLICATION SLAVE.`, {
    cause: error,
    remedy: 'Grant it: GRANT REPLICATION SLAVE ON *.* TO the user of the connector; then restart the task.',
  });
}

async function register(channel: PacketChannel, serverId: number): Promise<void> {
  const timer = setTimeout(() => channel.breakOff(new Error(nothingCameFor(promptAnswerMsMax))), promptAnswerMsMax);
  try {
    channel.send(comRegisterReplica, registerBody(serverId));
    let registered = false;
    while (!registered) {
      await channel.next((bytes, from, to) => {
        if (bytes[from] === errorPacket) throw registrationError(errorOfPacket(bytes, from, to, 'Cannot register as a replica'));
        registered = true;
      });
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Registers as a replica and asks for the binlog. Throws the server's refusal of the former; the latter's is the first packet. */
export async function beginDump(client: Connection, settings: DumpSettings, start: BinlogStart): Promise<PacketChannel> {
  await query(client, sessionVariables(settings, start), [], promptAnswerMsMax);
  const channel = new PacketChannel(socketOf(client));
  await register(channel, settings.serverId);
  const { code, body } = dumpBody(settings, start);
  channel.send(code, body);
  return channel;
}
