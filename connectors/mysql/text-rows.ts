import type { Connection } from 'mysql2';
import type { SluiceError, UnreadRow, Value } from '../../src/contract/index.ts';
import { EventCursor } from './binlog/cursor.ts';
import { malformed } from './binlog/malformed.ts';
import type { ColumnReader } from './column.ts';
import { watchThread } from './liveness.ts';
import { errorOfPacket, errorPacket, PacketChannel, socketOf } from './packet-channel.ts';
import { readTextRow } from './text-values.ts';
import { UnreadRowReader } from './unread-reader.ts';

const comQuery = 0x03;
const endOfFile = 0xfe;
/** An EOF packet is shorter; a row that begins with 0xfe (a value of more than 16 MB) is longer. */
const endOfFileBytesMax = 9;

/**
 * Called for each row: one value for each reader. The columns behind them lie in bytes[start, end), for `textsAt`; the memory is not used again.
 */
export type TextRowHandler = (row: Value[], bytes: Buffer, start: number, end: number) => void;
/** The same with a row whose values are still to be read: cheaper where they are only written again. */
export type UnreadRowHandler = (row: UnreadRow, bytes: Buffer, start: number, end: number) => void;

/**
 * The rows of a query as values, as they come (text protocol): for tables that do not fit into memory. mysql2's own rows would cost more than
 * reading the values, and cannot tell a text from the bytes of one. Pull only (invariant 6).
 *
 *     await using rows = new TextRows(connection, 'SELECT ... FROM ...', readers);
 *     while (await rows.next(row => ...));
 *
 * The connection serves nothing else until `next` has answered false or thrown the server's error; disposed before that, it is closed.
 */
export class TextRows implements AsyncDisposable {
  readonly #channel: PacketChannel;
  readonly #statement: string;
  readonly #readers: readonly (ColumnReader | null)[];
  readonly #columns: number;
  readonly #cursor = new EventCursor();
  #phase: 'count' | 'columns' | 'rows' | 'done' = 'count';
  #columnsLeft = 0;
  #error: SluiceError | null = null;
  /** Of everything that has come. */
  bytes = 0;
  #unread: UnreadRowReader | null = null;
  #take: (bytes: Buffer, end: number) => void = () => {};
  #watch: Disposable | null = null;

  /** `readers`: one for each column of the result, null gives null; but for the last ones, as many as `unread` says. */
  constructor(connection: Connection, statement: string, readers: readonly (ColumnReader | null)[], unread = 0) {
    this.#statement = statement;
    this.#readers = readers;
    this.#columns = readers.length + unread;
    this.#channel = new PacketChannel(socketOf(connection));
    this.#channel.send(comQuery, Buffer.from(statement, 'utf8'));
  }

  /** The same; on the other connection the server is asked whether it is still at it, where nothing comes for long. */
  static async watched(
    connection: Connection,
    control: Connection,
    ...query: [statement: string, readers: readonly (ColumnReader | null)[], unread?: number]
  ): Promise<TextRows> {
    let channel: PacketChannel | null = null;
    const watch = await watchThread(connection, control, () => channel);
    const rows = new TextRows(connection, ...query);
    channel = rows.#channel;
    rows.#watch = watch;
    return rows;
  }

  /** Waits for rows and hands them over; false: there are no more. Throws a code of `databaseError`, or what a value's reader throws. */
  next(handle: TextRowHandler): Promise<boolean> {
    this.#take = (bytes, end) => handle(readTextRow(this.#cursor, this.#readers), bytes, this.#cursor.at, end);
    return this.#next();
  }

  /** The same with rows that are not read. */
  nextUnread(handle: UnreadRowHandler): Promise<boolean> {
    this.#unread ??= new UnreadRowReader(this.#readers);
    const reader = this.#unread;
    this.#take = (bytes, end) => handle(reader.read(this.#cursor), bytes, this.#cursor.at, end);
    return this.#next();
  }

  async #next(): Promise<boolean> {
    if (this.#phase !== 'done') await this.#channel.next(this.#packet);
    if (this.#error !== null) throw this.#error;
    return this.#phase !== 'done';
  }

  /** Ends a waiting `next` early. */
  wake(): void {
    this.#channel.wake();
  }

  readonly #packet = (bytes: Buffer, start: number, end: number): void => {
    const first = bytes[start];
    this.bytes += end - start;
    if (first === errorPacket && this.#phase !== 'done') {
      this.#error = errorOfPacket(bytes, start, end, this.#statement.slice(0, 60));
      this.#phase = 'done';
      return;
    }
    switch (this.#phase) {
      case 'count': {
        const count = this.#cursor.start(bytes, start, end).packedInt();
        if (count !== this.#columns) throw malformed(`a result of ${count} columns where ${this.#columns} were expected`);
        this.#columnsLeft = count;
        this.#phase = 'columns';
        break;
      }
      case 'columns':
        // The descriptions, and the packet that ends them.
        if (this.#columnsLeft-- === 0) this.#phase = 'rows';
        break;
      case 'rows':
        if (first === endOfFile && end - start < endOfFileBytesMax) this.#phase = 'done';
        else {
          this.#cursor.start(bytes, start, end);
          this.#take(bytes, end);
        }
        break;
      case 'done':
        throw malformed('a result that goes on behind its end');
    }
  };

  /** Closes the connection unless the result has ended; then it is free again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch?.[Symbol.dispose]();
    if (this.#phase === 'done') this.#channel.release();
    else this.#channel.abandon();
  }
}
