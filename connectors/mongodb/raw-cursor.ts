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

/** How much longer than it said a server may take to answer. */
const silenceMsMax = 30_000;
/** How long ending a cursor may take. */
const killMsMax = 2_000;

/**
 * A cursor that hands out documents as bytes. The driver's own cursors would make objects of them first, which costs more than all that is
 * done with them here, and hide the resume token behind an empty batch. It has a session of its own: a server wants a cursor's commands in one.
 */
export class RawCursor implements AsyncDisposable {
  readonly #client: MongoClient;
  readonly #database: string;
  readonly #session: ClientSession;
  readonly #abort: AbortSignal;
  /** Ends a command under way: on the caller's abort, on disposal, and where the server is silent for too long. */
  readonly #ending = new AbortController();
  readonly #end = () => this.#ending.abort();
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
    abort.addEventListener('abort', this.#end, { once: true });
    if (abort.aborted) this.#end();
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

  /**
   * The next documents; `awaitMs`: how long the server waits for one where there is none. Of a change stream it answers by then, so one that
   * does not is lost: rejects with DATABASE_UNAVAILABLE.
   */
  async next(batchSize: number, awaitMs: number | null): Promise<RawBatch> {
    const first = this.#first;
    this.#first = null;
    if (first) return first;
    const more = { getMore: this.#id, collection: this.#collection, batchSize };
    if (awaitMs === null) return this.#run(more);
    let silent = false;
    const timer = setTimeout(() => {
      silent = true;
      this.#end();
    }, awaitMs + silenceMsMax);
    try {
      return await this.#run({ ...more, maxTimeMS: awaitMs });
    } catch (error) {
      if (!silent) throw error;
      throw new SluiceError('DATABASE_UNAVAILABLE', `The server has not answered for ${silenceMsMax} ms.`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async #run(command: Command): Promise<RawBatch> {
    const options = { raw: true, session: this.#session, signal: this.#ending.signal, promoteLongs: false };
    const reply = await this.#client.db(this.#database).command(command, options);
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
    this.#abort.removeEventListener('abort', this.#end);
    this.#end();
    if (!this.#id.isZero()) {
      const kill = { killCursors: this.#collection, cursors: [this.#id] };
      this.#id = Long.ZERO;
      const signal = AbortSignal.timeout(killMsMax);
      // Where the connection is gone the server ends the cursor by itself.
      await this.#client
        .db(this.#database)
        .command(kill, { session: this.#session, signal })
        .catch(() => {});
    }
    await this.#session.endSession().catch(() => {});
  }
}
