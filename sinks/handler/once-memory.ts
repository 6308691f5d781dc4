import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { SluiceError } from '../../src/contract/index.ts';

/** How long a statement waits for another process that has the file. */
const busyMsMax = 1000;
/** After so many new keys, those whose time is over are deleted. */
const forgetEvery = 1000;

export type OnceSettings = {
  /** null: in memory. */
  readonly file: string | null;
  readonly connector: string;
  readonly retentionMs: number;
  readonly nowMs: () => number;
};

/**
 * Which effects of a connector have ended well, by key: durable, in a file, when `remember` returns; or only in memory. Throws SluiceError
 * TARGET_UNAVAILABLE where the file cannot be used.
 */
export class OnceMemory implements Disposable {
  readonly #settings: OnceSettings;
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #forget: StatementSync;
  /** Effects that run now: a second call with the key waits for the first. */
  readonly #running = new Map<string, Promise<void>>();
  #added = 0;

  constructor(settings: OnceSettings) {
    this.#settings = settings;
    const file = settings.file === null ? ':memory:' : resolve(settings.file);
    this.#database = reached(file, () => {
      if (settings.file !== null) mkdirSync(dirname(file), { recursive: true });
      return new DatabaseSync(file, { timeout: busyMsMax });
    });
    [this.#find, this.#add, this.#forget] = reached(file, () => {
      this.#database.exec(`pragma journal_mode = wal; pragma synchronous = full;
        create table if not exists effects (connector text, key text, at_ms integer not null, primary key (connector, key)) without rowid;`);
      return [
        this.#database.prepare('select 1 from effects where connector = ? and key = ? and at_ms >= ?'),
        this.#database.prepare('insert or replace into effects values (?, ?, ?)'),
        this.#database.prepare('delete from effects where connector = ? and at_ms < ?'),
      ] as const;
    });
    this.#forgetOld();
  }

  /** Runs an effect unless it has ended well before, and remembers it when it has. Answers whether it ran now. */
  async once(key: string, effect: () => unknown): Promise<boolean> {
    for (let other = this.#running.get(key); other; other = this.#running.get(key)) await other.catch(() => {});
    if (this.#has(key)) return false;
    const run = (async () => {
      await effect();
      this.#remember(key);
    })();
    this.#running.set(key, run);
    try {
      await run;
    } finally {
      this.#running.delete(key);
    }
    return true;
  }

  #has(key: string): boolean {
    const { connector } = this.#settings;
    return this.#reached(() => this.#find.get(connector, key, this.#oldestMs()) !== undefined);
  }

  #remember(key: string): void {
    const { connector, nowMs } = this.#settings;
    this.#reached(() => this.#add.run(connector, key, nowMs()));
    if (++this.#added % forgetEvery === 0) this.#forgetOld();
  }

  #forgetOld(): void {
    this.#reached(() => this.#forget.run(this.#settings.connector, this.#oldestMs()));
  }

  #oldestMs(): number {
    return this.#settings.nowMs() - this.#settings.retentionMs;
  }

  #reached<T>(work: () => T): T {
    return reached(this.#settings.file ?? ':memory:', work);
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

function reached<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new SluiceError('TARGET_UNAVAILABLE', `handler.once.file: ${file} cannot be used: ${(error as Error).message}.`, {
      cause: error,
      remedy: 'Check the path, its permissions and the space on its disk; the task goes on by itself.',
    });
  }
}
