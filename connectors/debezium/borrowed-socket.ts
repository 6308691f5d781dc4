import type { Socket } from 'node:net';
import { SluiceError } from '../../src/contract/index.ts';

type DataListener = (chunk: Buffer) => void;

/**
 * The socket of an idle database client, borrowed for one statement whose answer is long: the client's own parser makes an object and an event
 * of each message, which costs more than decoding a row. Pull only: nothing is read between calls of `read`, so a slow log holds the server
 * back (invariant 6). Knows nothing of the protocol but that messages may be cut anywhere. Whoever borrowed it calls `release`, `letGo` or `close` once.
 */
export class BorrowedSocket {
  readonly #socket: Socket;
  readonly #listeners: readonly DataListener[];
  /** The beginning of a message whose end has not come yet, in the pieces in which it came; joined once, when it is whole. */
  #parts: Buffer[] = [];
  #partsBytes = 0;
  /** Bytes the message begun needs to be whole. */
  #neededBytes = 0;
  /** It is answered by itself. */
  #alone = false;
  /** What came behind a message that was answered by itself. */
  #behind: Buffer | null = null;
  #failure: Error | null = null;
  #closed: boolean;
  #wake: (() => void) | null = null;
  /** Reads that brought something. */
  heard = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#listeners = socket.listeners('data') as DataListener[];
    for (const listener of this.#listeners) socket.removeListener('data', listener);
    socket.pause();
    socket.on('readable', this.#onReadable);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    // Lost while the client was idle: nothing more is told of it.
    this.#closed = socket.destroyed;
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

  /** Ends a waiting `read` early, which then answers null. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** `read` waits for the server. */
  get waiting(): boolean {
    return this.#wake !== null;
  }

  /** Bytes lie ready: `read` would not wait. */
  get readable(): boolean {
    return this.#socket.readableLength > 0;
  }

  /** Bytes to the server, as they are; nothing once the connection is gone, which the next `read` tells. */
  send(bytes: Buffer): void {
    if (!this.#closed && this.#socket.writable) this.#socket.write(bytes);
  }

  /**
   * Waits until the server has sent something, and answers it, behind what was kept; null where `wake` was called, or where the message kept is
   * still not whole. The memory is not used again. Throws DATABASE_UNAVAILABLE when the connection is gone.
   */
  async read(): Promise<Buffer | null> {
    let chunk = this.#socket.read() as Buffer | null;
    if (chunk === null) {
      if (this.#failure || this.#closed) throw this.#lost();
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
      chunk = this.#socket.read() as Buffer | null;
      if (chunk === null) {
        if (this.#failure || this.#closed) throw this.#lost();
        return null;
      }
    }
    this.heard++;
    return this.#parts.length === 0 ? chunk : this.#join(chunk);
  }

  #join(chunk: Buffer): Buffer | null {
    this.#parts.push(chunk);
    this.#partsBytes += chunk.length;
    const more = this.#partsBytes - this.#neededBytes;
    if (more < 0) return null;
    const bytes = Buffer.concat(this.#parts, this.#alone ? this.#neededBytes : this.#partsBytes);
    if (this.#alone && more > 0) this.#behind = chunk.subarray(chunk.length - more);
    this.#parts = [];
    return bytes;
  }

  /** What came behind the message that `read` answered by itself; null: nothing. To be asked for before the next `read`. */
  takeBehind(): Buffer | null {
    const behind = this.#behind;
    this.#behind = null;
    return behind;
  }

  /**
   * Keeps the beginning of a message until so many bytes of it are there. `alone`: these are then answered by themselves, and `takeBehind` has what
   * came with them, which so is not copied.
   */
  keep(beginning: Buffer, neededBytes: number, alone = false): void {
    // A copy, so that a few bytes do not keep a whole chunk alive.
    this.#parts = [Buffer.from(beginning)];
    this.#partsBytes = beginning.length;
    this.#neededBytes = neededBytes;
    this.#alone = alone;
  }

  #lost(): SluiceError {
    const reason = this.#failure ? `: ${this.#failure.message}` : '';
    return new SluiceError('DATABASE_UNAVAILABLE', `The connection to the database was lost${reason}`, { cause: this.#failure });
  }

  /** Closes the socket with that reason, which the waiting `read` throws. */
  breakOff(reason: Error): void {
    this.#failure ??= reason;
    this.#socket.destroy();
    this.wake();
  }

  /** Gives the socket back to its client. Only once the answer has been read to its end. */
  release(): void {
    this.#leave();
    for (const listener of this.#listeners) this.#socket.on('data', listener);
    this.#socket.resume();
  }

  /** Leaves in the middle of an answer: what still comes is thrown away, and the client is good for being ended only. */
  letGo(): void {
    this.#leave();
    this.#socket.on('error', () => {});
    this.#socket.on('data', () => {});
    this.#socket.resume();
  }

  /** Leaves in the middle of an answer by closing the connection. */
  close(): void {
    this.#leave();
    this.#socket.on('error', () => {});
    this.#socket.destroy();
  }

  #leave(): void {
    this.#socket.removeListener('readable', this.#onReadable);
    this.#socket.removeListener('error', this.#onError);
    this.#socket.removeListener('close', this.#onClose);
  }
}
