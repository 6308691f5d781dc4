import type { AnyChunk, ChunkDatabase } from './chunk-database.ts';

/** The database as chunks are read from it: connected when it is needed first, and again after it was closed. Owns the connection. */
export class ChunkConnection<View, Read extends AnyChunk<View>> {
  readonly #open: () => Promise<ChunkDatabase<View, Read>>;
  #database: Promise<ChunkDatabase<View, Read>> | null = null;

  constructor(open: () => Promise<ChunkDatabase<View, Read>>) {
    this.#open = open;
  }

  get(): Promise<ChunkDatabase<View, Read>> {
    this.#database ??= this.#open().catch(error => {
      this.#database = null;
      throw error;
    });
    return this.#database;
  }

  async close(): Promise<void> {
    const opened = this.#database;
    this.#database = null;
    const database = await opened?.catch(() => null);
    await database?.[Symbol.asyncDispose]();
  }
}
