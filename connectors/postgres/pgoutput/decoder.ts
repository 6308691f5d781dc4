import { SluiceError } from '../../../src/contract/index.ts';
import { MessageCursor } from './cursor.ts';
import { malformed } from './malformed.ts';
import type { OldTupleKind, PgoutputHandler, RelationColumn, ReplicaIdentity } from './messages.ts';
import { skipTuple } from './tuple.ts';

/** Microseconds from 1970 to 2000, where Postgres counts from. */
const postgresEpochMicros = 946_684_800_000_000n;

const newTuple = 0x4e; // N
const oldKey = 0x4b; // K
const oldRow = 0x4f; // O

const replicaIdentities: Readonly<Record<string, ReplicaIdentity>> = { d: 'default', n: 'nothing', f: 'full', i: 'index' };

/** Messages that only come when they are asked for; this decoder's users do not ask, but a slot made by somebody else may. */
const streamedMessages = 'SEcA';
const twoPhaseMessages = 'bPKrp';

/**
 * Decodes pgoutput messages of protocol version 1, and of 2 to 4 as long as neither streaming nor two-phase commit was asked for (the
 * messages are the same then). Keeps no state between messages. Throws SluiceError MALFORMED_MESSAGE for anything else, before the
 * handler hears of it; the values in row messages are checked when they are read (`readTuple`).
 */
export class PgoutputDecoder {
  readonly #cursor = new MessageCursor();

  decode(message: Buffer, handler: PgoutputHandler): void {
    switch (message[0]) {
      case 0x49: // I
        this.#insert(message, handler);
        break;
      case 0x55: // U
        this.#update(message, handler);
        break;
      case 0x44: // D
        this.#delete(message, handler);
        break;
      case 0x42: // B
        this.#begin(this.#open(message), handler);
        break;
      case 0x43: // C
        this.#commit(this.#open(message), handler);
        break;
      case 0x52: // R
        this.#relation(this.#open(message), handler);
        break;
      case 0x59: // Y
        this.#type(this.#open(message), handler);
        break;
      case 0x4f: // O
        this.#origin(this.#open(message), handler);
        break;
      case 0x54: // T
        this.#truncate(this.#open(message), handler);
        break;
      case 0x4d: // M
        this.#logicalMessage(this.#open(message), handler);
        break;
      default:
        throw unexpectedMessage(message[0]);
    }
  }

  #open(message: Buffer): MessageCursor {
    this.#cursor.start(message);
    this.#cursor.skip(1);
    return this.#cursor;
  }

  #insert(message: Buffer, handler: PgoutputHandler): void {
    const relationOid = oidOf(message);
    if (message[5] !== newTuple) throw malformed('an insert without its new row');
    handler.insert(relationOid, message, 6);
  }

  #update(message: Buffer, handler: PgoutputHandler): void {
    const relationOid = oidOf(message);
    const kind = message[5];
    if (kind === newTuple) {
      handler.update(relationOid, message, null, -1, 6);
      return;
    }
    const oldKind = oldTupleKind(kind);
    const end = skipTuple(message, 6);
    if (message[end] !== newTuple) throw malformed('an update without its new row');
    handler.update(relationOid, message, oldKind, 6, end + 1);
  }

  #delete(message: Buffer, handler: PgoutputHandler): void {
    const relationOid = oidOf(message);
    handler.delete(relationOid, message, oldTupleKind(message[5]), 6);
  }

  #begin(cursor: MessageCursor, handler: PgoutputHandler): void {
    const finalLsn = cursor.uint64();
    const commitTimestampMicros = cursor.int64() + postgresEpochMicros;
    const xid = cursor.uint32();
    cursor.finish();
    handler.begin({ finalLsn, commitTimestampMicros, xid });
  }

  #commit(cursor: MessageCursor, handler: PgoutputHandler): void {
    cursor.uint8(); // flags, unused
    const commitLsn = cursor.uint64();
    const endLsn = cursor.uint64();
    const commitTimestampMicros = cursor.int64() + postgresEpochMicros;
    cursor.finish();
    handler.commit({ commitLsn, endLsn, commitTimestampMicros });
  }

  #relation(cursor: MessageCursor, handler: PgoutputHandler): void {
    const oid = cursor.uint32();
    // pgoutput writes pg_catalog as an empty name.
    const schema = cursor.string() || 'pg_catalog';
    const table = cursor.string();
    const replicaIdentity = replicaIdentities[String.fromCharCode(cursor.uint8())];
    if (replicaIdentity === undefined) throw malformed(`a replica identity of no known kind for table ${schema}.${table}`);
    const count = cursor.uint16();
    const columns: RelationColumn[] = [];
    for (let index = 0; index < count; index++) {
      const key = (cursor.uint8() & 1) === 1;
      columns.push({ name: cursor.string(), typeOid: cursor.uint32(), typeModifier: cursor.int32(), key });
    }
    cursor.finish();
    handler.relation({ oid, schema, table, replicaIdentity, columns });
  }

  #type(cursor: MessageCursor, handler: PgoutputHandler): void {
    const oid = cursor.uint32();
    const schema = cursor.string() || 'pg_catalog';
    const name = cursor.string();
    cursor.finish();
    handler.type({ oid, schema, name });
  }

  #origin(cursor: MessageCursor, handler: PgoutputHandler): void {
    const lsn = cursor.uint64();
    const name = cursor.string();
    cursor.finish();
    handler.origin({ lsn, name });
  }

  #truncate(cursor: MessageCursor, handler: PgoutputHandler): void {
    const count = cursor.uint32();
    const flags = cursor.uint8();
    const relationOids: number[] = [];
    // Ends at the latest with the message: the cursor throws there.
    for (let index = 0; index < count; index++) relationOids.push(cursor.uint32());
    cursor.finish();
    handler.truncate(relationOids, { cascade: (flags & 1) !== 0, restartIdentity: (flags & 2) !== 0 });
  }

  #logicalMessage(cursor: MessageCursor, handler: PgoutputHandler): void {
    const transactional = (cursor.uint8() & 1) === 1;
    const lsn = cursor.uint64();
    const prefix = cursor.string();
    const content = cursor.bytes(cursor.int32());
    cursor.finish();
    handler.logicalMessage({ transactional, lsn, prefix, content });
  }
}

/** The table's oid, which follows the kind of every row message. */
function oidOf(message: Buffer): number {
  if (message.length < 6) throw malformed(`a row message of ${message.length} bytes`);
  return message.readUInt32BE(1);
}

function oldTupleKind(kind: number | undefined): OldTupleKind {
  if (kind === oldKey) return 'K';
  if (kind === oldRow) return 'O';
  throw malformed(`an old or new row expected, ${kind === undefined ? 'the message ends' : `0x${kind.toString(16)} found`}`);
}

function unexpectedMessage(kind: number | undefined): SluiceError {
  if (kind === undefined) return malformed('it is empty');
  const letter = String.fromCharCode(kind);
  if (streamedMessages.includes(letter))
    return new SluiceError('MALFORMED_MESSAGE', `A message of a transaction streamed before its commit ('${letter}') was not asked for.`, {
      remedy: 'Start replication without the option streaming (slot.stream.params).',
    });
  if (twoPhaseMessages.includes(letter))
    return new SluiceError('MALFORMED_MESSAGE', `A message of a prepared transaction ('${letter}') cannot be read.`, {
      remedy: 'Use a replication slot that was created without two_phase.',
    });
  return malformed(`its kind 0x${kind.toString(16)} is unknown`);
}
