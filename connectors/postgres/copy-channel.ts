import type { Socket } from 'node:net';
import type { Client } from 'pg';
import { SluiceError } from '../../src/contract/index.ts';
import { databaseError, type ServerError } from './database-error.ts';

/** What of pg's connection is used: its socket. The type is not exported by the package. */
type ClientWithConnection = Client & { readonly connection: { readonly stream: Socket } };

/** Backend message types (protocol page "Message Formats"). */
const copyDataTag = 0x64; // 'd'
const errorTag = 0x45; // 'E'
const noticeTag = 0x4e; // 'N'
const readyTag = 0x5a; // 'Z'
const headerBytes = 5;

/** Called for each CopyData message: its payload is bytes[start, end). The memory is not used again, so views of it may be kept. */
export type CopyDataHandler = (bytes: Buffer, start: number, end: number) => void;

/**
 * Borrows the socket of an idle pg client for one statement that answers with COPY data (COPY TO STDOUT, START_REPLICATION) and frames the
 * messages itself: pg's own parser makes an object and an event of each, which costs more than decoding a row. Pull only: nothing is
 * read from the socket between calls of `next`, so a slow log holds the server back (invariant 6). `release` gives the socket back to
 * the client once the statement has ended.
 */
export class CopyChannel {
  readonly #socket: Socket;
  readonly #listeners: readonly ((chunk: Buffer) => void)[];
  /** The beginning of a message whose end has not come yet, in the pieces in which it came; joined once, when it is whole. */
  #parts: Buffer[] = [];
  #partsBytes = 0;
  /** Bytes the message begun needs to be whole. */
  #neededBytes = 0;
  /** Whole messages that were more than the last call wanted, and what came behind them. */
  #unhanded: Buffer | null = null;
  #failure: Error | null = null;
  #closed = false;
  #wake: (() => void) | null = null;
  /** The statement has ended and the server waits for the next one. */
  #ready = false;
  #serverError: SluiceError | null = null;
  /** Reads from the socket that brought something. */
  heard = 0;
  /** Hears of the server's notices and warnings. */
  onNotice: ((notice: ServerError) => void) | null = null;

  constructor(client: Client, statement: string) {
    this.#socket = (client as ClientWithConnection).connection.stream;
    this.#listeners = this.#socket.listeners('data') as ((chunk: Buffer) => void)[];
    for (const listener of this.#listeners) this.#socket.removeListener('data', listener);
    this.#socket.pause();
    this.#socket.on('readable', this.#onReadable);
    this.#socket.on('error', this.#onError);
    this.#socket.on('close', this.#onClose);
    // Lost while the client was idle: nothing more is told of it.
    this.#closed = this.#socket.destroyed;
    this.send(queryMessage(statement));
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

  /** Ends a waiting `next` early, which then answers true without data. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** Bytes to the server, as they are. */
  send(message: Buffer): void {
    if (!this.#closed && this.#socket.writable) this.#socket.write(message);
  }

  /** A CopyData message to the server, as the standby's status is. */
  sendCopyData(payload: Buffer): void {
    const header = Buffer.allocUnsafe(headerBytes);
    header[0] = copyDataTag;
    header.writeUInt32BE(payload.length + 4, 1);
    this.send(Buffer.concat([header, payload]));
  }

  /** `next` waits for the server. */
  get waiting(): boolean {
    return this.#wake !== null;
  }

  /** The statement has ended, well or with an error: the client is free for the next one. */
  get ended(): boolean {
    return this.#ready;
  }

  /**
   * Waits until the server has sent something (or `wake` is called), and hands over the complete messages, at most `messagesMax`; the others
   * follow with the next call. Answers false when the statement has ended. Throws the server's error, or DATABASE_UNAVAILABLE when the
   * connection is gone.
   */
  async next(handle: CopyDataHandler, messagesMax = Number.POSITIVE_INFINITY): Promise<boolean> {
    if (this.#ready) return this.#end();
    if (this.#unhanded !== null) {
      const bytes = this.#unhanded;
      this.#unhanded = null;
      this.#hand(bytes, handle, messagesMax);
      return !this.#ready || this.#serverError !== null; // what came before an error is handed over first
    }
    let chunk = this.#socket.read() as Buffer | null;
    if (chunk === null) {
      if (this.#failure || this.#closed) throw this.#lost();
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
      chunk = this.#socket.read() as Buffer | null;
      if (chunk === null) {
        if (this.#failure || this.#closed) throw this.#lost();
        return true;
      }
    }
    this.heard++;
    this.#take(chunk, handle, messagesMax);
    return !this.#ready || this.#serverError !== null; // what came before an error is handed over first
  }

  #end(): false {
    if (this.#serverError) throw this.#serverError;
    return false;
  }

  #lost(): SluiceError {
    if (this.#serverError) return this.#serverError;
    const reason = this.#failure ? `: ${this.#failure.message}` : '';
    return new SluiceError('DATABASE_UNAVAILABLE', `The connection to the database was lost${reason}`, { cause: this.#failure });
  }

  #take(chunk: Buffer, handle: CopyDataHandler, messagesMax: number): void {
    let bytes = chunk;
    if (this.#parts.length > 0) {
      this.#parts.push(chunk);
      this.#partsBytes += chunk.length;
      if (this.#partsBytes < this.#neededBytes) return;
      bytes = Buffer.concat(this.#parts, this.#partsBytes);
      this.#parts = [];
    }
    this.#hand(bytes, handle, messagesMax);
  }

  #hand(bytes: Buffer, handle: CopyDataHandler, messagesMax: number): void {
    const taken = this.#frames(bytes, handle, messagesMax);
    if (taken === bytes.length) return;
    if (isWhole(bytes, taken)) {
      this.#unhanded = bytes.subarray(taken);
      return;
    }
    // A copy, so that a few bytes do not keep a whole chunk alive.
    const rest = Buffer.from(bytes.subarray(taken));
    this.#parts = [rest];
    this.#partsBytes = rest.length;
    this.#neededBytes = rest.length < headerBytes ? headerBytes : 1 + rest.readUInt32BE(1);
  }

  /** Hands over whole messages in these bytes; answers how many bytes they were. */
  #frames(bytes: Buffer, handle: CopyDataHandler, messagesMax: number): number {
    let offset = 0;
    for (let count = 0; count < messagesMax && offset + headerBytes <= bytes.length; count++) {
      const end = offset + 1 + bytes.readUInt32BE(offset + 1);
      if (end > bytes.length) break;
      const tag = bytes[offset];
      if (tag === copyDataTag) handle(bytes, offset + headerBytes, end);
      else if (tag === errorTag) this.#serverError = databaseError(parseServerError(bytes.subarray(offset + headerBytes, end)));
      else if (tag === noticeTag) this.onNotice?.(parseServerError(bytes.subarray(offset + headerBytes, end)));
      else if (tag === readyTag) this.#ready = true;
      offset = end;
    }
    return offset;
  }

  /** Gives the socket back to pg's client. Only after `next` answered false or threw the server's error. */
  release(): void {
    this.#letGo();
    for (const listener of this.#listeners) this.#socket.on('data', listener);
    this.#socket.resume();
  }

  /** Leaves a statement that has not ended: what still comes is thrown away, and the client is good for `end` only. */
  abandon(): void {
    this.#letGo();
    this.#socket.on('error', () => {});
    this.#socket.on('data', () => {});
    this.#socket.resume();
  }

  #letGo(): void {
    this.#socket.removeListener('readable', this.#onReadable);
    this.#socket.removeListener('error', this.#onError);
    this.#socket.removeListener('close', this.#onClose);
  }
}

/** Whether the message that begins at `offset` is there to its end. */
function isWhole(bytes: Buffer, offset: number): boolean {
  return offset + headerBytes <= bytes.length && offset + 1 + bytes.readUInt32BE(offset + 1) <= bytes.length;
}

function queryMessage(statement: string): Buffer {
  const text = Buffer.from(`${statement}\0`);
  const message = Buffer.allocUnsafe(headerBytes + text.length);
  message[0] = 0x51; // 'Q'
  message.writeUInt32BE(text.length + 4, 1);
  text.copy(message, headerBytes);
  return message;
}

/** The fields of an ErrorResponse: a letter and a text each (protocol page "Error and Notice Message Fields"). */
function parseServerError(bytes: Buffer): ServerError & Error {
  const fields = new Map<string, string>();
  for (let offset = 0; offset < bytes.length && bytes[offset] !== 0; ) {
    const end = bytes.indexOf(0, offset + 1);
    if (end < 0) break;
    fields.set(String.fromCharCode(bytes[offset]!), bytes.toString('utf8', offset + 1, end));
    offset = end + 1;
  }
  return Object.assign(new Error(fields.get('M') ?? 'unknown error'), { code: fields.get('C') ?? '' });
}
