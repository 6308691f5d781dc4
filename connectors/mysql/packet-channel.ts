import type { Socket } from 'node:net';
import type { Connection } from 'mysql2';
import type { SluiceError } from '../../src/contract/index.ts';
import { BorrowedSocket } from '../debezium/borrowed-socket.ts';
import { databaseError, type ServerError } from './database-error.ts';

/** What of mysql2's connection is used: its socket (the encrypted one where TLS was negotiated). */
type ConnectionWithSocket = Connection & { readonly stream: Socket };

/** Length in three bytes, and a number that counts the packets ("Protocol::Packet"). */
const headerBytes = 4;
/** A packet of this size goes on in the next one. */
const packetBytesMax = 0xff_ff_ff;

/** The socket below a connection. */
export function socketOf(connection: Connection): Socket {
  return (connection as ConnectionWithSocket).stream;
}

/** Called for each packet's payload, bytes[start, end). The memory is not used again, so views of it may be kept. */
export type PacketHandler = (bytes: Buffer, start: number, end: number) => void;

/**
 * A command whose answer is long (a binlog dump, a table's rows), on the borrowed socket of an idle mysql2 connection. Packets are framed where
 * they lie in the socket's bytes. `release` gives the socket back once the command has ended.
 */
export class PacketChannel {
  readonly #socket: BorrowedSocket;
  /** The payloads of a packet that goes on in the next one. */
  #large: Buffer[] = [];

  /** `socket`: below an idle connection (`socketOf`). */
  constructor(socket: Socket) {
    this.#socket = new BorrowedSocket(socket);
  }

  /** Grows with everything that comes. */
  get heard(): number {
    return this.#socket.heard;
  }

  /** A command: its code and its body, of less than 16 MB. */
  send(code: number, body: Buffer): void {
    const header = Buffer.allocUnsafe(headerBytes + 1);
    header.writeUIntLE(body.length + 1, 0, 3);
    header[3] = 0;
    header[4] = code;
    this.#socket.send(Buffer.concat([header, body]));
  }

  /** Ends a waiting `next` early, which then answers without packets. */
  wake(): void {
    this.#socket.wake();
  }

  /** `next` waits for the server now. */
  get waiting(): boolean {
    return this.#socket.waiting;
  }

  /** true where bytes lie ready, so that `next` would not wait. */
  get readable(): boolean {
    return this.#socket.readable;
  }

  /** Closes the socket with that reason, which the waiting `next` throws. */
  breakOff(reason: Error): void {
    this.#socket.breakOff(reason);
  }

  /** Waits until the server has sent something (or `wake` is called), and hands over every complete packet. Throws when the connection is gone. */
  async next(handle: PacketHandler): Promise<void> {
    let bytes = await this.#socket.read();
    while (bytes !== null) {
      const taken = this.#frames(bytes, handle);
      if (taken < bytes.length) this.#keep(bytes.subarray(taken));
      bytes = this.#socket.takeBehind();
    }
  }

  /** The beginning of a packet. Once its size is known it is completed by itself: what comes with its end stays where it lies. */
  #keep(beginning: Buffer): void {
    if (beginning.length < headerBytes) this.#socket.keep(beginning, headerBytes);
    else this.#socket.keep(beginning, headerBytes + beginning.readUIntLE(0, 3), true);
  }

  /** Hands over the whole packets in these bytes; answers how many bytes they were. */
  #frames(bytes: Buffer, handle: PacketHandler): number {
    let offset = 0;
    while (offset + headerBytes <= bytes.length) {
      const size = bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16);
      const start = offset + headerBytes;
      const end = start + size;
      if (end > bytes.length) break;
      offset = end;
      if (size === packetBytesMax) this.#large.push(bytes.subarray(start, end));
      else if (this.#large.length > 0) {
        const joined = Buffer.concat([...this.#large, bytes.subarray(start, end)]);
        this.#large = [];
        handle(joined, 0, joined.length);
      } else handle(bytes, start, end);
    }
    return offset;
  }

  /** Gives the socket back to mysql2. Only once the command's answer has been read to its end. */
  release(): void {
    this.#socket.release();
  }

  /** Leaves a command that has not ended: the connection is closed, since MySQL has no other way out of a dump. */
  abandon(): void {
    this.#socket.close();
  }
}

export const errorPacket = 0xff;

/** An ERR packet ("Protocol::ERR_Packet") as an error of the catalogue. */
export function errorOfPacket(bytes: Buffer, start: number, end: number, doing: string): SluiceError {
  const errno = end - start >= 3 ? bytes.readUInt16LE(start + 1) : 0;
  const hasState = bytes[start + 3] === 0x23;
  const error: ServerError = { errno, message: bytes.toString('utf8', start + (hasState ? 9 : 3), end) };
  return databaseError(error, doing);
}
