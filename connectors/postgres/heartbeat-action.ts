import type pg from 'pg';
import type { Logger } from '../../src/contract/index.ts';
import { type ConnectionSettings, connect } from './connection.ts';
import { databaseError } from './database-error.ts';
import { disconnect } from './disconnect.ts';

/**
 * Runs `heartbeat.action.query` with each heartbeat, on a connection of its own: a statement that waits for a lock must not keep the stream
 * waiting. One at a time; one that fails is warned of and tried again with the next heartbeat.
 */
export class HeartbeatAction implements AsyncDisposable {
  readonly #settings: ConnectionSettings;
  readonly #query: string;
  readonly #logger: Logger;
  #client: pg.Client | null = null;
  #running: Promise<void> | null = null;
  #ended = false;
  /** The fault that was warned of: said once, until it is another or healed. */
  #told = '';

  constructor(settings: ConnectionSettings, query: string, logger: Logger) {
    this.#settings = settings;
    this.#query = query;
    this.#logger = logger;
  }

  /** Begins a run, or does nothing while the last one goes on. */
  run(): void {
    if (this.#running !== null || this.#ended) return;
    this.#running = this.#attempt().finally(() => {
      this.#running = null;
    });
  }

  async #attempt(): Promise<void> {
    try {
      this.#client ??= await connect(this.#settings);
      if (this.#ended) return await this.#close();
      await this.#client.query(this.#query);
      this.#told = '';
    } catch (thrown) {
      if (this.#ended) return;
      const error = databaseError(thrown, 'heartbeat.action.query');
      if (error.message !== this.#told)
        this.#logger.warn({ code: error.code, remedy: error.remedy }, `${error.message}; it is run again with each heartbeat`);
      this.#told = error.message;
      if (error.code === 'DATABASE_UNAVAILABLE') await this.#close();
    }
  }

  async #close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    if (client) await disconnect(client);
  }

  /** Ends the connection, and with it a statement that still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#close();
    await this.#running;
  }
}
