import type { Logger, SluiceError } from '../../src/contract/index.ts';

/** A connection of the action's own. */
export type ActionConnection = { run(query: string): Promise<void>; close(): Promise<void> };

export type HeartbeatActionParts = {
  /** `heartbeat.action.query`. */
  readonly query: string;
  connect(): Promise<ActionConnection>;
  /** What the database threw, as an error of the catalogue. */
  explain(thrown: unknown): SluiceError;
  readonly logger: Logger;
};

/**
 * Runs `heartbeat.action.query` with each heartbeat, on a connection of its own: a statement that waits for a lock must not keep the stream
 * waiting. One at a time; one that fails is warned of and tried again with the next heartbeat.
 */
export class HeartbeatAction implements AsyncDisposable {
  readonly #parts: HeartbeatActionParts;
  #connection: ActionConnection | null = null;
  #running: Promise<void> | null = null;
  #ended = false;
  /** The fault that was warned of: said once, until it is another or healed. */
  #told = '';

  constructor(parts: HeartbeatActionParts) {
    this.#parts = parts;
  }

  /** Begins a run, or does nothing while the last one goes on. */
  run(): void {
    if (this.#running !== null || this.#ended) return;
    this.#running = this.#attempt().finally(() => {
      this.#running = null;
    });
  }

  async #attempt(): Promise<void> {
    const { query, logger } = this.#parts;
    try {
      this.#connection ??= await this.#parts.connect();
      if (this.#ended) return await this.#close();
      await this.#connection.run(query);
      this.#told = '';
    } catch (thrown) {
      if (this.#ended) return;
      const error = this.#parts.explain(thrown);
      if (error.message !== this.#told)
        logger.warn({ code: error.code, remedy: error.remedy }, `${error.message}; it is run again with each heartbeat`);
      this.#told = error.message;
      if (error.code === 'DATABASE_UNAVAILABLE') await this.#close();
    }
  }

  async #close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close();
  }

  /** Ends the connection, and with it a statement that still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#close();
    await this.#running;
  }
}
