import type { Socket } from 'node:net';
import type { Client } from 'pg';
import type { SluiceError } from '../../src/contract/index.ts';
import { BorrowedSocket } from '../debezium/borrowed-socket.ts';
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
 * One statement that answers with COPY data (COPY TO STDOUT, START_REPLICATION), on the borrowed socket of an idle pg client. Messages are framed
 * where they lie in the socket's bytes. `release` gives the socket back to the client once the statement has ended.
 */
export class CopyChannel {
  readonly #socket: BorrowedSocket;
  /** Whole messages that were more than the last call wanted, and what came behind them. */
  #unhanded: Buffer | null = null;
  /** The statement has ended and the server waits for the next one. */
  #ready = false;
  #serverError: SluiceError | null = null;
  /** Hears of the server's notices and warnings. */
  onNotice: ((notice: ServerError) => void) | null = null;

  constructor(client: Client, statement: string) {
    this.#socket = new BorrowedSocket((client as ClientWithConnection).connection.stream);
    this.send(queryMessage(statement));
  }

  /** Reads from the socket that brought something. */
  get heard(): number {
    return this.#socket.heard;
  }

  /** Ends a waiting `next` early, which then answers true without data. */
  wake(): void {
    this.#socket.wake();
  }

  /** Bytes to the server, as they are. */
  send(message: Buffer): void {
    this.#socket.send(message);
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
    return this.#socket.waiting;
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
    const bytes = this.#unhanded ?? (await this.#read());
    this.#unhanded = null;
    if (bytes === null) return true;
    this.#hand(bytes, handle, messagesMax);
    return !this.#ready || this.#serverError !== null; // what came before an error is handed over first
  }

  #end(): false {
    if (this.#serverError) throw this.#serverError;
    return false;
  }

  /** A server that ends a connection says why first. */
  async #read(): Promise<Buffer | null> {
    try {
      return await this.#socket.read();
    } catch (error) {
      throw this.#serverError ?? error;
    }
  }

  #hand(bytes: Buffer, handle: CopyDataHandler, messagesMax: number): void {
    const taken = this.#frames(bytes, handle, messagesMax);
    if (taken === bytes.length) return;
    const rest = bytes.subarray(taken);
    const neededBytes = rest.length < headerBytes ? headerBytes : 1 + rest.readUInt32BE(1);
    if (neededBytes <= rest.length) this.#unhanded = rest;
    else this.#socket.keep(rest, neededBytes);
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
    this.#socket.release();
  }

  /** Leaves a statement that has not ended: what still comes is thrown away, and the client is good for `end` only. */
  abandon(): void {
    this.#socket.letGo();
  }
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
