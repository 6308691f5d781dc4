import { crc32 } from 'node:zlib';
import { SluiceError } from '../../../src/contract/index.ts';
import { nothingCameFor } from '../../debezium/liveness.ts';
import { type ConnectionSettings, connect, disconnect } from '../connection.ts';
import { errorOfPacket, errorPacket, type PacketChannel } from '../packet-channel.ts';
import { EventCursor } from './cursor.ts';
import { EventDecoder } from './decoder.ts';
import { type BinlogStart, beginDump, type DumpSettings, dumpPositionMax } from './dump.ts';
import { artificialFlag, eventHeaderBytes, eventTypes } from './event-types.ts';
import type { BinlogHandler, EventHeader } from './events.ts';
import { malformed } from './malformed.ts';
import { eventsOfPayload, readTransactionPayload } from './transaction-payload.ts';

/**
 * How a binlog is read. `serverId` is `database.server.id`: no other replica may have it. `heartbeatMs`: how often the server says that it is
 * there when nothing happens. `statements`: MariaDB sends the original statements of row events only to who asks (`include.query`).
 */
export type BinlogSettings = DumpSettings;
export type { BinlogStart, MysqlFlavor } from './dump.ts';

/** So many heartbeats may be missed before the connection is taken for lost. */
const missedHeartbeatsMax = 3;
const checksumBytes = 4;
const endOfFilePacket = 0xfe;
/** A position is written in 32 bits, and wraps in a file that one transaction made larger. */
const positionWrap = 2 ** 32;

/** A list of events without checksums, of a compressed transaction. */
type Group = { readonly bytes: Buffer; at: number };

/**
 * A replica's connection: the binlog, event by event, from a position or a set of GTIDs on.
 *
 *     await using stream = await BinlogStream.open(connection, settings, start);
 *     while (!stopped) await stream.next(handler); // hands over what has come, without waiting in between
 *
 * Pull only: between calls nothing is read from the socket (invariant 6), and of a compressed transaction only one step is decompressed at
 * a time. A handler that must wait for something calls `hold()`: `next` then ends behind that event, and what has already come is given by
 * the following calls. `RowsEvent.each` works during the handler's call only.
 *
 * Throws what ended the stream: DATABASE_UNAVAILABLE (also when nothing, not even a heartbeat, has come for three heartbeats),
 * POSITION_LOST (purged), PRIVILEGE_MISSING, MALFORMED_MESSAGE (a wrong checksum, too).
 */
export class BinlogStream implements AsyncDisposable {
  readonly #channel: PacketChannel;
  readonly #decoder: EventDecoder;
  readonly #cursor = new EventCursor();
  readonly #silenceTimer: NodeJS.Timeout;
  readonly #header: EventHeader;
  #handler: BinlogHandler | null = null;
  /** Whether events end with one; each file says it in its first event. */
  #checksums = true;
  #held = false;
  /** Events before it are not wanted: a position beyond what the dump command can say. */
  #wantedFrom: number;
  /** The compressed transaction that is being read, and the events of it that lie decompressed. */
  #payload: { readonly groups: AsyncGenerator<Buffer>; readonly end: number; bytesLeft: number } | null = null;
  #group: Group | null = null;
  /** What came while a handler held, or while a compressed transaction is read: no more than one piece of the socket's. */
  #waiting: Buffer[] = [];

  private constructor(channel: PacketChannel, { heartbeatMs, flavor }: BinlogSettings, { file, position, gtids }: BinlogStart) {
    this.#channel = channel;
    this.#wantedFrom = gtids === null && position > dumpPositionMax ? position : 0;
    this.#decoder = new EventDecoder(flavor);
    this.#header = { file, position, nextPosition: position, timestamp: 0, type: 0, serverId: 0, size: 0, compressed: false };
    let heard = -1;
    let missed = 0;
    this.#silenceTimer = setInterval(() => {
      missed = channel.waiting && channel.heard === heard ? missed + 1 : 0;
      heard = channel.heard;
      if (missed > missedHeartbeatsMax) channel.breakOff(new Error(nothingCameFor(missed * heartbeatMs)));
    }, heartbeatMs);
  }

  /** Logs in and asks for the binlog. Whether the server has the position is only heard by the first `next`. */
  static async open(connection: ConnectionSettings, settings: BinlogSettings, start: BinlogStart): Promise<BinlogStream> {
    const client = await connect(connection);
    try {
      return new BinlogStream(await beginDump(client, settings, start), settings, start);
    } catch (error) {
      await disconnect(client);
      throw error;
    }
  }

  /** Where the stream stands: at the last event handed over. One object, changed by each event. */
  get header(): Readonly<EventHeader> {
    return this.#header;
  }

  /** More events lie ready, so that `next` would hardly wait. */
  get readable(): boolean {
    return this.#payload !== null || this.#waiting.length > 0 || this.#channel.readable;
  }

  /** Ends a waiting `next` early. */
  wake(): void {
    this.#channel.wake();
  }

  /** Called by a handler: what comes behind this event waits for the next call of `next`. */
  hold(): void {
    this.#held = true;
  }

  /** Waits for events and hands them over. */
  async next(handler: BinlogHandler): Promise<void> {
    this.#held = false;
    this.#handler = handler;
    if (this.#group !== null) return this.#readGroup(this.#group);
    if (this.#payload !== null) {
      const step = await this.#payload.groups.next();
      if (!step.done) {
        this.#group = { bytes: step.value, at: 0 };
        this.#readGroup(this.#group);
      } else {
        if (this.#payload.bytesLeft !== 0) throw malformed('a compressed transaction that is smaller than it says');
        this.#payload = null;
      }
      return;
    }
    if (this.#waiting.length === 0) return this.#channel.next(this.#packet);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const packet of waiting) this.#packet(packet, 0, packet.length);
  }

  readonly #packet = (bytes: Buffer, start: number, end: number): void => {
    if (this.#held || this.#payload !== null) {
      this.#waiting.push(bytes.subarray(start, end));
      return;
    }
    const kind = bytes[start];
    if (kind === errorPacket) throw errorOfPacket(bytes, start, end, 'Reading the binlog');
    if (kind === endOfFilePacket) throw new SluiceError('DATABASE_UNAVAILABLE', 'The server ended the binlog stream.');
    if (kind !== 0) throw malformed(`a packet of an unknown kind (0x${kind?.toString(16)})`);
    this.#event(bytes, start + 1, end);
  };

  /** One event as it stands in the binlog. */
  #event(bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    if (size < eventHeaderBytes || bytes.readUInt32LE(start + 9) !== size)
      throw malformed(`an event of ${size} bytes that says it has another size`);
    const type = bytes[start + 4]!;
    if (type === eventTypes.FORMAT_DESCRIPTION) this.#checksums = size > checksumBytes + 1 && bytes[end - checksumBytes - 1] === 1;
    // The first event of a file always ends with room for one.
    const dataEnd = this.#checksums || type === eventTypes.FORMAT_DESCRIPTION ? end - checksumBytes : end;
    if (this.#checksums && crc32(bytes.subarray(start, dataEnd)) !== bytes.readUInt32LE(dataEnd)) throw malformed('its checksum is wrong');
    this.#enter(bytes, start, size);
    if (this.#wantedFrom > 0 && type !== eventTypes.ROTATE) {
      if (this.#header.position < this.#wantedFrom) return;
      this.#wantedFrom = 0;
    }
    switch (type) {
      case eventTypes.ROTATE:
        this.#rotate(bytes, start, dataEnd);
        break;
      case eventTypes.HEARTBEAT:
      case eventTypes.HEARTBEAT_V2:
        this.#heartbeat(bytes, start, dataEnd);
        break;
      case eventTypes.TRANSACTION_PAYLOAD:
        this.#beginPayload(bytes, start, dataEnd);
        break;
      default:
        this.#decoder.decode(bytes, start, dataEnd, this.#header, this.#handler!);
    }
  }

  /** The header is this event's from now on. */
  #enter(bytes: Buffer, start: number, size: number): void {
    const header = this.#header;
    header.timestamp = bytes.readUInt32LE(start);
    header.type = bytes[start + 4]!;
    header.serverId = bytes.readUInt32LE(start + 5);
    header.size = size;
    header.compressed = false;
    const written = bytes.readUInt32LE(start + 13);
    // Events made for the reader (the first rotation and description) have no place in the file.
    if (written === 0 || (bytes.readUInt16LE(start + 17) & artificialFlag) !== 0) {
      header.position = header.nextPosition;
      return;
    }
    let end = header.nextPosition - (header.nextPosition % positionWrap) + written;
    if (end < header.nextPosition - positionWrap / 2) end += positionWrap;
    header.position = end - size;
    header.nextPosition = end;
  }

  #rotate(bytes: Buffer, start: number, end: number): void {
    const cursor = this.#cursor.start(bytes, start + eventHeaderBytes, end);
    const position = Number(cursor.uint64());
    const header = this.#header;
    header.file = cursor.rest();
    header.position = position;
    header.nextPosition = position;
    this.#handler!.rotate(header);
  }

  #heartbeat(bytes: Buffer, start: number, end: number): void {
    const header = this.#header;
    const cursor = this.#cursor.start(bytes, start + eventHeaderBytes, end);
    let file = '';
    let position = bytes.readUInt32LE(start + 13);
    if (header.type === eventTypes.HEARTBEAT) file = cursor.rest();
    else
      while (cursor.left > 0) {
        const field = cursor.packedInt();
        if (field === 0) break;
        const size = cursor.packedInt();
        const next = cursor.take(size) + size;
        cursor.at = next - size;
        if (field === 1) file = cursor.text(size);
        else if (field === 2) position = cursor.packedInt();
        cursor.at = next;
      }
    // Behind what was skipped as known (GTIDs) too. A position of the older form may have wrapped.
    if (file === header.file && position > header.nextPosition) header.nextPosition = position;
    header.position = header.nextPosition;
    this.#handler!.heartbeat(header);
  }

  #beginPayload(bytes: Buffer, start: number, end: number): void {
    const payload = readTransactionPayload(this.#cursor.start(bytes, start + eventHeaderBytes, end));
    const header = this.#header;
    this.#payload = { groups: eventsOfPayload(payload), end: header.nextPosition, bytesLeft: payload.eventBytes };
    header.compressed = true;
    header.nextPosition = header.position;
  }

  /** Events of a compressed transaction: the position stays that of the whole, until its last event. */
  #readGroup(group: Group): void {
    const { bytes } = group;
    const header = this.#header;
    const payload = this.#payload!;
    header.compressed = true;
    while (group.at < bytes.length && !this.#held) {
      const start = group.at;
      const size = bytes.readUInt32LE(start + 9);
      group.at += size;
      payload.bytesLeft -= size;
      if (payload.bytesLeft < 0) throw malformed('a compressed transaction that is larger than it says');
      if (payload.bytesLeft === 0) header.nextPosition = payload.end;
      header.timestamp = bytes.readUInt32LE(start);
      header.type = bytes[start + 4]!;
      header.serverId = bytes.readUInt32LE(start + 5);
      header.size = size;
      this.#decoder.decode(bytes, start, start + size, header, this.#handler!);
    }
    if (group.at >= bytes.length) this.#group = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#silenceTimer);
    await this.#payload?.groups.return(undefined);
    this.#payload = null;
    this.#channel.abandon();
  }
}
