import type { ClientSession, Document, MongoClient } from 'mongodb';
import { type BSON, Long, type Timestamp } from 'mongodb';
import { SluiceError } from '../../src/contract/index.ts';
import { bsonType, documentAt, eachElement, stringAt } from './bson/elements.ts';

/** One answer of the server: its documents as they lie in its bytes. */
export type RawBatch = {
  readonly documents: readonly Buffer[];
  /** Where a change stream can go on when these documents are done, also when there are none. */
  readonly resumeToken: Buffer | null;
  readonly bytes: number;
};

type Command = Document;

/**
 * A cursor that hands out documents as bytes. The driver's own cursors would make objects of them first, which costs more than all that is
 * done with them here, and hide the resume token behind an empty batch. It has a session of its own: a server wants a cursor's commands in one.
 */
export class RawCursor implements AsyncDisposable {
  readonly #client: MongoClient;
  readonly #database: string;
  readonly #session: ClientSession;
  readonly #abort: AbortSignal;
  readonly #own = new AbortController();
  #id: BSON.Long = Long.ZERO;
  #collection = '';
  #first: RawBatch | null = null;
  /** The server's time of the first answer. */
  operationTime: Timestamp | null = null;

  private constructor(client: MongoClient, database: string, abort: AbortSignal) {
    this.#client = client;
    this.#database = database;
    this.#session = client.startSession();
    this.#abort = abort;
  }

  /** Runs an `aggregate` or `find` command. */
  static async open(client: MongoClient, database: string, command: Command, abort: AbortSignal): Promise<RawCursor> {
    const cursor = new RawCursor(client, database, abort);
    try {
      cursor.#first = await cursor.#run(command);
      return cursor;
    } catch (error) {
      await cursor[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The server has nothing more. Of a change stream: what it watches was dropped or renamed. */
  get exhausted(): boolean {
    return this.#first === null && this.#id.isZero();
  }

  /** The next documents; `awaitMs`: how long the server waits for one where there is none. */
  async next(batchSize: number, awaitMs: number | null): Promise<RawBatch> {
    const first = this.#first;
    this.#first = null;
    if (first) return first;
    const wait = awaitMs === null ? {} : { maxTimeMS: awaitMs };
    return this.#run({ getMore: this.#id, collection: this.#collection, batchSize, ...wait });
  }

  async #run(command: Command): Promise<RawBatch> {
    const signal = AbortSignal.any([this.#abort, this.#own.signal]);
    const reply = await this.#client
      .db(this.#database)
      .command(command, { raw: true, session: this.#session, signal, promoteLongs: false });
    const cursor: unknown = reply['cursor'];
    this.operationTime ??= (reply['operationTime'] as Timestamp | undefined) ?? null;
    if (!(cursor instanceof Uint8Array)) throw new SluiceError('MALFORMED_MESSAGE', 'The server answered without a cursor.');
    return this.#read(Buffer.from(cursor.buffer, cursor.byteOffset, cursor.byteLength));
  }

  #read(bytes: Buffer): RawBatch {
    const documents: Buffer[] = [];
    let resumeToken: Buffer | null = null;
    eachElement(bytes, 0, (name, type, at) => {
      if (name === 'id' && type === bsonType.int64) this.#id = Long.fromBigInt(bytes.readBigInt64LE(at));
      else if (name === 'ns') {
        const namespace = stringAt(bytes, at);
        this.#collection = namespace.slice(namespace.indexOf('.') + 1);
      } else if (name === 'postBatchResumeToken') resumeToken = documentAt(bytes, at);
      else if (name === 'firstBatch' || name === 'nextBatch')
        eachElement(bytes, at, (_, kind, place) => {
          if (kind === bsonType.document) documents.push(documentAt(bytes, place));
        });
    });
    return { documents, resumeToken, bytes: bytes.length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#own.abort();
    if (!this.#id.isZero()) {
      const kill = { killCursors: this.#collection, cursors: [this.#id] };
      this.#id = Long.ZERO;
      // Where the connection is gone the server ends the cursor by itself.
      await this.#client
        .db(this.#database)
        .command(kill, { session: this.#session })
        .catch(() => {});
    }
    await this.#session.endSession().catch(() => {});
  }
}
