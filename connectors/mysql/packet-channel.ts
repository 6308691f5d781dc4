import type { Socket } from 'node:net';
import type { Connection } from 'mysql2';
import { SluiceError } from '../../src/contract/index.ts';
import { databaseError, type ServerError } from './database-error.ts';

/** What of mysql2's connection is used: its socket (the encrypted one where TLS was negotiated). */
type ConnectionWithSocket = Connection & { readonly stream: Socket };

/** Length in three bytes, and a number that counts the packets ("Protocol::Packet"). */
const headerBytes = 4;
/** A packet of this size goes on in the next one. */
const packetBytesMax = 0xff_ff_ff;

/** Called for each packet's payload, bytes[start, end). The memory is not used again, so views of it may be kept. */
export type PacketHandler = (bytes: Buffer, start: number, end: number) => void;

/**
 * Borrows the socket of an idle mysql2 connection for a command whose answer is long (a binlog dump, a table's rows) and frames the packets
 * itself, where they lie in the socket's bytes. Pull only: nothing is read from the socket between calls of `next`, so a slow log holds the
 * server back (invariant 6). `release` gives the socket back once the command has ended.
 */
export class PacketChannel {
  readonly #socket: Socket;
  readonly #listeners: readonly ((chunk: Buffer) => void)[];
  /** The beginning of a packet whose end has not come yet, in the pieces in which it came; joined once, when it is whole. */
  #parts: Buffer[] = [];
  #partsBytes = 0;
  /** Bytes the packet begun needs to be whole. */
  #neededBytes = 0;
  /** The payloads of a packet that goes on in the next one. */
  #large: Buffer[] = [];
  #failure: Error | null = null;
  #closed = false;
  #wake: (() => void) | null = null;
  /** Grows with everything that comes. */
  heard = 0;

  constructor(connection: Connection) {
    this.#socket = (connection as ConnectionWithSocket).stream;
    this.#listeners = this.#socket.listeners('data') as ((chunk: Buffer) => void)[];
    for (const listener of this.#listeners) this.#socket.removeListener('data', listener);
    this.#socket.pause();
    this.#socket.on('readable', this.#onReadable);
    this.#socket.on('error', this.#onError);
    this.#socket.on('close', this.#onClose);
    // Lost while the connection was idle: nothing more is told of it.
    this.#closed = this.#socket.destroyed;
  }

  readonly #onReadable = () => this.wake();
  readonly #onError = (error: Error) => {
    this.#failure = error;
    this.wake();
  };
  readonly #onClose = () => {
    this.#closed = true;
    this.wake();
  };

  /** A command: its code and its body, of less than 16 MB. */
  send(code: number, body: Buffer): void {
    const header = Buffer.allocUnsafe(headerBytes + 1);
    header.writeUIntLE(body.length + 1, 0, 3);
    header[3] = 0;
    header[4] = code;
    if (!this.#closed && this.#socket.writable) this.#socket.write(Buffer.concat([header, body]));
  }

  /** Ends a waiting `next` early, which then answers without packets. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** `next` waits for the server now. */
  get waiting(): boolean {
    return this.#wake !== null;
  }

  /** true where bytes lie ready, so that `next` would not wait. */
  get readable(): boolean {
    return this.#socket.readableLength > 0;
  }

  /** Closes the socket with that reason, which the waiting `next` throws. */
  breakOff(reason: Error): void {
    this.#failure ??= reason;
    this.#socket.destroy();
    this.wake();
  }

  /** Waits until the server has sent something (or `wake` is called), and hands over every complete packet. Throws when the connection is gone. */
  async next(handle: PacketHandler): Promise<void> {
    let chunk = this.#socket.read() as Buffer | null;
    if (chunk === null) {
      if (this.#failure || this.#closed) throw this.#lost();
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
      chunk = this.#socket.read() as Buffer | null;
      if (chunk === null) {
        if (this.#failure || this.#closed) throw this.#lost();
        return;
      }
    }
    this.heard++;
    this.#take(chunk, handle);
  }

  #lost(): SluiceError {
    const reason = this.#failure ? `: ${this.#failure.message}` : '';
    return new SluiceError('DATABASE_UNAVAILABLE', `The connection to the database was lost${reason}`, { cause: this.#failure });
  }

  #take(chunk: Buffer, handle: PacketHandler): void {
    let bytes = chunk;
    if (this.#parts.length > 0) {
      this.#parts.push(chunk);
      this.#partsBytes += chunk.length;
      if (this.#partsBytes < this.#neededBytes) return;
      bytes = Buffer.concat(this.#parts, this.#partsBytes);
      this.#parts = [];
    }
    const taken = this.#frames(bytes, handle);
    if (taken === bytes.length) return;
    // A copy, so that a few bytes do not keep a whole chunk alive.
    const rest = Buffer.from(bytes.subarray(taken));
    this.#parts = [rest];
    this.#partsBytes = rest.length;
    this.#neededBytes = rest.length < headerBytes ? headerBytes : headerBytes + rest.readUIntLE(0, 3);
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
    this.#letGo();
    for (const listener of this.#listeners) this.#socket.on('data', listener);
    this.#socket.resume();
  }

  /** Leaves a command that has not ended: the connection is closed, since MySQL has no other way out of a dump. */
  abandon(): void {
    this.#letGo();
    this.#socket.on('error', () => {});
    this.#socket.destroy();
  }

  #letGo(): void {
    this.#socket.removeListener('readable', this.#onReadable);
    this.#socket.removeListener('error', this.#onError);
    this.#socket.removeListener('close', this.#onClose);
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
