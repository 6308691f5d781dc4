import type { Socket } from 'node:net';
import { type Connection, Reader, TimeoutError, Writer } from './client.ts';

type Parser<Answer> = (correlationId: number, apiKey: number, apiVersion: number, reader: Reader) => Answer;
type Callback<Answer> = (error: Error | null, answer?: Answer) => void;
type Waiting = {
  readonly apiKey: number;
  readonly version: number;
  readonly parse: Parser<unknown>;
  readonly taggedHeader: boolean;
  readonly callback: Callback<unknown>;
  readonly timer: NodeJS.Timeout;
};

const lengthBytes = 4;
const correlationBytes = 4;
/** No broker's answer is longer: what says so is not Kafka's protocol. */
const answerBytesMax = 256 << 20;
/** Pieces of a request up to so many bytes are joined before they are written. */
const smallBytesMax = 4096;

/**
 * Sends requests over a connection of the client library without the copy that its own `send` makes of each: produce requests are nearly all
 * of what is sent, megabytes at a time, and the copies were a tenth of the time and 20 MB that waited for the collector. The library keeps
 * the connection (TLS, logins, their renewal): it goes on getting the answers to its own requests, which count up from 0, while ours count
 * down from -1.
 */
export class BorrowedSocket {
  static readonly #bySocket = new WeakMap<Socket, BorrowedSocket>();
  readonly #socket: Socket;
  readonly #clientId: string;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #theirs: readonly ((chunk: Buffer) => void)[];
  #lastId = 0;
  /** The beginning of an answer whose end has not come yet. */
  #begun: Buffer[] = [];
  #begunBytes = 0;
  #neededBytes = lengthBytes;

  private constructor(socket: Socket, clientId: string, timeoutMs: number) {
    this.#socket = socket;
    this.#clientId = clientId;
    this.#timeoutMs = timeoutMs;
    this.#theirs = socket.listeners('data') as ((chunk: Buffer) => void)[];
    for (const listener of this.#theirs) socket.removeListener('data', listener);
    socket.on('data', chunk => this.#read(chunk));
    socket.on('close', () => this.#closed());
  }

  /** The one of a connection that is established. */
  static of({ socket }: Pick<Connection, 'socket'>, clientId: string, timeoutMs: number): BorrowedSocket {
    let borrowed = BorrowedSocket.#bySocket.get(socket);
    if (borrowed === undefined) {
      borrowed = new BorrowedSocket(socket, clientId, timeoutMs);
      BorrowedSocket.#bySocket.set(socket, borrowed);
    }
    return borrowed;
  }

  /**
   * Sends a request; requests go out in the order of the calls. As the library's `send`, but for this: what the payload is made of is written
   * as it lies, and must stay as it is until the answer is there.
   */
  send<Answer>(
    apiKey: number,
    version: number,
    payload: () => Writer,
    parse: Parser<Answer>,
    taggedRequest: boolean,
    taggedHeader: boolean,
    callback: Callback<Answer>,
  ): void {
    if (this.#socket.destroyed || !this.#socket.writable) {
      callback(connectionClosed());
      return;
    }
    this.#lastId = this.#lastId <= -(2 ** 31) ? -1 : this.#lastId - 1;
    const id = this.#lastId;
    const writer = Writer.create().appendInt16(apiKey).appendInt16(version).appendInt32(id).appendString(this.#clientId, false);
    if (taggedRequest) writer.appendTaggedFields();
    writer.appendFrom(payload()).prependLength();
    const late = () => {
      this.#waiting.delete(id);
      callback(new TimeoutError(`No answer within ${this.#timeoutMs} ms.`));
    };
    const timer = setTimeout(late, this.#timeoutMs);
    this.#waiting.set(id, { apiKey, version, parse, taggedHeader, timer, callback: callback as Callback<unknown> });
    this.#socket.cork();
    for (const piece of joined(writer.buffers)) this.#socket.write(piece);
    this.#socket.uncork();
  }

  #read(chunk: Buffer): void {
    this.#begun.push(chunk);
    this.#begunBytes += chunk.length;
    if (this.#begunBytes < this.#neededBytes) return;
    let bytes = this.#begun.length === 1 ? chunk : Buffer.concat(this.#begun);
    this.#neededBytes = lengthBytes;
    while (bytes.length >= lengthBytes) {
      const frameBytes = lengthBytes + bytes.readInt32BE(0);
      if (frameBytes < lengthBytes + correlationBytes || frameBytes > answerBytesMax) {
        // Such as TLS where none is spoken: the library knows what to say of it.
        this.#handOver(bytes);
        bytes = bytes.subarray(bytes.length);
        break;
      }
      if (frameBytes > bytes.length) {
        this.#neededBytes = frameBytes;
        break;
      }
      this.#answer(bytes.subarray(0, frameBytes));
      bytes = bytes.subarray(frameBytes);
    }
    this.#begun = bytes.length === 0 ? [] : [bytes];
    this.#begunBytes = bytes.length;
  }

  #answer(frame: Buffer): void {
    const id = frame.readInt32BE(lengthBytes);
    if (id >= 0) this.#handOver(frame);
    const waiting = this.#waiting.get(id);
    // Of a request that was given up: too late.
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    const { apiKey, version, parse, taggedHeader, callback } = waiting;
    const body = frame.subarray(lengthBytes + correlationBytes + (taggedHeader ? 1 : 0));
    let answer: unknown;
    try {
      answer = parse(id, apiKey, version, Reader.from(body));
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback(null, answer);
  }

  #handOver(bytes: Buffer): void {
    for (const listener of this.#theirs) listener(bytes);
  }

  #closed(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { timer, callback } of waiting) {
      clearTimeout(timer);
      callback(connectionClosed());
    }
  }
}

function connectionClosed(): Error {
  return Object.assign(new Error('The connection was closed.'), { code: 'ECONNRESET' });
}

/** The same bytes in few pieces: each is a part of one system call. */
function joined(pieces: readonly Buffer[]): readonly Buffer[] {
  const made: Buffer[] = [];
  let small: Buffer[] = [];
  const join = () => {
    if (small.length > 0) made.push(Buffer.concat(small));
    small = [];
  };
  for (const piece of pieces) {
    if (piece.length <= smallBytesMax) small.push(piece);
    else {
      join();
      made.push(piece);
    }
  }
  join();
  return made;
}
