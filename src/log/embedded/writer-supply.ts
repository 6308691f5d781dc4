import type { Logger, SluiceError } from '../../contract/index.ts';
import type { ThreadOptions } from './protocol.ts';
import { WriterClient, type WriterEvents } from './writer-client.ts';

/** The first pause before an ended thread is replaced; each further one is twice as long, until one has carried out a request. */
const restartDelayMsFirst = 100;
const restartDelayMsMax = 30_000;

/**
 * Keeps one writer's thread there: where it dies (of memory, of a bug) another takes its place. What was under way is rejected with
 * LOG_UNAVAILABLE, committed or not; a task's writer belongs to the thread that opened it and ends with it, so the task opens the next one and
 * reads from the file which of the two it was (invariant 1). Until then everything is refused with LOG_UNAVAILABLE.
 */
export class WriterSupply {
  readonly #options: ThreadOptions;
  readonly #events: WriterEvents;
  readonly #logger: Logger;
  #current: WriterClient;
  #failures = 0;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: ThreadOptions, events: WriterEvents, logger: Logger) {
    this.#options = options;
    this.#events = events;
    this.#logger = logger;
    this.#current = this.#start();
  }

  /** The thread there is now. */
  get current(): WriterClient {
    return this.#current;
  }

  /** Lets the thread finish what was sent before, and ends it. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#current.close();
  }

  #start(): WriterClient {
    const committed = () => {
      this.#failures = 0;
      this.#events.committed();
    };
    return new WriterClient(this.#options, { ...this.#events, committed }, error => this.#ended(error));
  }

  #ended(error: SluiceError): void {
    if (this.#closed) return;
    const delayMs = Math.min(restartDelayMsMax, restartDelayMsFirst * 2 ** Math.min(this.#failures, 20));
    this.#failures++;
    this.#logger.error({ code: error.code, delayMs, err: error }, `${error.message} It is started again in ${delayMs} ms.`);
    this.#timer = setTimeout(() => {
      this.#current = this.#start();
    }, delayMs);
  }
}
