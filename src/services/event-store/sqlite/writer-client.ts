import { Worker } from 'node:worker_threads';
import { SluiceError, StreamConflictError } from '../../../contract/index.ts';
import type { AppendedStream, Change, ErrorMessage, FromThread, Reply, Request, ThreadOptions } from './protocol.ts';

type Waiting = { resolve(appended: readonly AppendedStream[] | null): void; reject(error: SluiceError): void; readonly units: number };

/** What may wait for the disk, in UTF-16 code units of JSON: beyond that, appends are refused until it is less. */
const waitingUnitsMax = 64 * 1024 * 1024;

/** The thread's file beside this one, as source or built. */
const threadFile = new URL(import.meta.url.endsWith('.ts') ? './writer-thread.ts' : './writer-thread.js', import.meta.url);

function fromThread({ code, message, remedy, currentVersion }: ErrorMessage): SluiceError {
  return currentVersion === null ? new SluiceError(code, message, { remedy }) : new StreamConflictError(message, currentVersion);
}

function unitsOf(change: Change): number {
  if (change.kind === 'storeState') return change.state.text.length;
  if (change.kind !== 'append') return 0;
  let units = 0;
  for (const { events } of change.appends)
    for (const { dataText, metadataText } of events) units += dataText.length + metadataText.length + 200;
  return units;
}

/** The caller's side of the writer's thread: owns it, gathers what is asked in one turn of the event loop, and matches answers to calls. */
export class WriterClient {
  readonly #thread: Worker;
  readonly #exited: Promise<void>;
  readonly #started = Promise.withResolvers<void>();
  readonly #committed: (position: number) => void;
  readonly #waiting = new Map<number, Waiting>();
  #gathered: Request[] = [];
  #units = 0;
  #lastId = 0;
  #broken: SluiceError | null = null;
  #open = false;

  /**
   * `committed` hears the position of the last event, whenever it may have risen. `ended`: the thread, which had opened the file or not, is gone with all it
   * held, and the next one may take its place.
   */
  constructor(options: ThreadOptions, committed: (position: number) => void, ended: (opened: boolean) => void) {
    this.#committed = committed;
    this.#thread = new Worker(threadFile, { workerData: options, name: 'event-store-writer' });
    this.#thread.on('message', (message: FromThread) => this.#hear(message));
    this.#thread.on('error', error => this.#break(error));
    this.#started.promise.catch(() => {});
    this.#exited = new Promise(resolve => {
      this.#thread.once('exit', () => {
        this.#break(null);
        ended(this.#open);
        resolve();
      });
    });
  }

  /** Resolves when the file is open. Throws SluiceError. */
  started(): Promise<void> {
    return this.#started.promise;
  }

  /** Resolves when the change is durable. Throws SluiceError. */
  send(change: Change): Promise<readonly AppendedStream[] | null> {
    if (this.#broken) return Promise.reject(this.#broken);
    const units = unitsOf(change);
    if (this.#units > 0 && this.#units + units > waitingUnitsMax)
      return Promise.reject(
        new SluiceError('STORE_UNAVAILABLE', 'The event store has more waiting for the disk than it takes: it is slower than its callers.'),
      );
    this.#units += units;
    const id = ++this.#lastId;
    if (this.#gathered.length === 0) setImmediate(() => this.#post());
    this.#gathered.push({ id, change });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, units }));
  }

  /** Lets the thread finish what was sent before, and ends it. */
  async close(): Promise<void> {
    if (!this.#broken) await this.send({ kind: 'close' }).catch(() => this.#thread.terminate());
    await this.#exited;
  }

  #post(): void {
    const requests = this.#gathered;
    this.#gathered = [];
    if (!this.#broken) this.#thread.postMessage(requests);
  }

  #hear(message: FromThread): void {
    switch (message.kind) {
      case 'started':
        // What the thread before this one committed and could not tell any more is told here.
        this.#committed(message.position);
        this.#open = true;
        this.#started.resolve();
        return;
      case 'refused':
        this.#break(fromThread(message.error));
        return;
      case 'replies':
        this.#committed(message.position);
        for (const reply of message.replies) this.#settle(reply);
    }
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    this.#waiting.delete(reply.id);
    this.#units -= waiting.units;
    if (reply.ok) waiting.resolve(reply.appended);
    else waiting.reject(fromThread(reply.error));
  }

  /** The thread is gone: nobody will answer any more. */
  #break(cause: unknown): void {
    const reason = cause instanceof Error ? `failed: ${cause.message}` : 'has ended';
    this.#broken ??=
      cause instanceof SluiceError ? cause : new SluiceError('STORE_UNAVAILABLE', `The event store’s writer ${reason}.`, { cause });
    this.#started.reject(this.#broken);
    for (const { reject } of this.#waiting.values()) reject(this.#broken);
    this.#waiting.clear();
    this.#units = 0;
  }
}
