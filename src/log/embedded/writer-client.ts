import { Worker } from 'node:worker_threads';
import { type AppendUnit, type SerializedHeader, SluiceError, slabMemory } from '../../contract/index.ts';
import { headersText } from './headers-text.ts';
import type { ChangeRequest, OpenedWriter, Reply, Request, ThreadOptions, TransferredBatch } from './protocol.ts';

export type WriterEvents = {
  /** A request was carried out: there may be more to read. */
  committed(): void;
  /** Old records could not be deleted when it was their time. */
  cleaningFailed(error: SluiceError): void;
};

type Waiting = { resolve(opened: OpenedWriter | null): void; reject(error: SluiceError): void };

/** Views of the slab are all that the thread makes and drops. V8's own default, 48, costs that much memory and no less time. */
const youngGenerationMegabytes = 6;

/** The thread's file beside this one, as source or built. */
const threadFile = new URL(import.meta.url.endsWith('.ts') ? './writer-thread.ts' : './writer-thread.js', import.meta.url);

/** An array that can be transferred: itself where its memory is its own, else a copy. */
function owned<T extends Uint8Array | Int32Array | Uint32Array | Float64Array>(array: T): T {
  return (array.byteLength === array.buffer.byteLength ? array : array.slice()) as T;
}

/** The caller's side of the writer's thread: owns it, and matches its answers to the calls. How much is under way is the callers' bound. */
export class WriterClient {
  readonly #thread: Worker;
  readonly #events: WriterEvents;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #headerTexts = new WeakMap<readonly SerializedHeader[], { readonly text: string | null }>();
  #lastId = 0;
  #broken: SluiceError | null = null;

  /** `ended` hears why the thread is gone, once it is gone with all it held: a next one may take its place. */
  constructor(options: ThreadOptions, events: WriterEvents, ended: (error: SluiceError) => void) {
    this.#events = events;
    const resourceLimits = { maxYoungGenerationSizeMb: youngGenerationMegabytes };
    this.#thread = new Worker(threadFile, { workerData: options, name: 'embedded-log-writer', resourceLimits });
    this.#thread.on('message', (reply: Reply) => this.#settle(reply));
    this.#thread.on('error', error => this.#break(error));
    this.#exited = new Promise(resolve => {
      this.#thread.once('exit', () => {
        ended(this.#break(null));
        resolve();
      });
    });
  }

  /** Sends one unit; resolves when it is durable. The batch's memory goes to the thread. */
  append(writerId: number, { records, offsets, ...unit }: AppendUnit): Promise<OpenedWriter | null> {
    const consumed = unit.consumed ?? null;
    if (!records || records.count === 0) return this.#send({ kind: 'append', writerId, records: null, offsets, consumed }, []);
    const batch: TransferredBatch = {
      count: records.count,
      slab: owned(records.slab),
      keyLengths: owned(records.keyLengths),
      valueLengths: owned(records.valueLengths),
      topicIndexes: owned(records.topicIndexes),
      topics: records.topics,
      partitions: owned(records.partitions),
      timestampsMs: owned(records.timestampsMs),
      headerIndexes: owned(records.headerIndexes),
      headerTexts: records.headerSets.map(set => this.#textOf(set)),
    };
    const { slab, keyLengths, valueLengths, topicIndexes, partitions, timestampsMs, headerIndexes } = batch;
    const buffers = [slab, keyLengths, valueLengths, topicIndexes, partitions, timestampsMs, headerIndexes].map(({ buffer }) => buffer);
    return this.#send(
      { kind: 'append', writerId, records: batch, offsets, consumed },
      buffers.filter(buffer => buffer instanceof ArrayBuffer),
    );
  }

  /** Sends any other change; resolves when it is durable. */
  change(body: ChangeRequest): Promise<OpenedWriter | null> {
    return this.#send(body, []);
  }

  /** Lets the thread finish what was sent before, and ends it. */
  async close(): Promise<void> {
    if (!this.#broken) await this.change({ kind: 'close' }).catch(() => this.#thread.terminate());
    await this.#exited;
  }

  #textOf(headers: readonly SerializedHeader[]): string | null {
    let known = this.#headerTexts.get(headers);
    if (!known) {
      known = { text: headersText(headers) };
      this.#headerTexts.set(headers, known);
    }
    return known.text;
  }

  #send(body: Request['body'], transfer: readonly ArrayBuffer[]): Promise<OpenedWriter | null> {
    if (this.#broken) return Promise.reject(this.#broken);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#thread.postMessage({ id, body } satisfies Request, [...transfer]);
      this.#waiting.set(id, { resolve, reject });
    });
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.ok) {
      if (reply.slab !== null) slabMemory.giveBack(reply.slab);
      waiting?.resolve(reply.opened);
      this.#events.committed();
      return;
    }
    const error = new SluiceError(reply.error.code, reply.error.message, { remedy: reply.error.remedy });
    if (waiting) waiting.reject(error);
    else this.#events.cleaningFailed(error);
  }

  /** The thread is gone: nobody will answer any more. Answers what its callers are told. */
  #break(cause: unknown): SluiceError {
    const reason = cause instanceof Error ? `failed: ${cause.message}` : 'has ended';
    this.#broken ??= new SluiceError('LOG_UNAVAILABLE', `The embedded log’s writer ${reason}.`, { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#broken);
    this.#waiting.clear();
    return this.#broken;
  }
}
