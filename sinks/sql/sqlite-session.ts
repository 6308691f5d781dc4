import { resolve } from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { stopped, targetError } from './target-errors.ts';

export type SqliteRow = Record<string, SQLOutputValue>;

/** How long a statement waits for another process's lock before the target counts as away, in milliseconds. */
const busyMsMax = 2_000;
/** Statements that run before the event loop has a turn: some 5 ms. */
const statementsAtOnce = 500;

/**
 * By file, the last transaction of this process that is under way or waits. They take turns: one that waited in SQLite for another's lock would
 * block the very loop that the other needs to come to its end.
 */
const turns = new Map<string, Promise<void>>();

/**
 * One connection to a SQLite file, opened when first needed: WAL, and durable at each commit. Its calls block, so long loops give the
 * event loop its turn by `breathe`. Its owner disposes of it.
 */
export class SqliteSession implements Disposable {
  readonly file: string;
  readonly #opened: (session: SqliteSession) => void;
  #database: DatabaseSync | null = null;
  #statements = new Map<string, StatementSync>();
  #sinceTurn = 0;

  constructor(file: string, opened: (session: SqliteSession) => void = () => {}) {
    this.file = file;
    this.#opened = opened;
  }

  get database(): DatabaseSync {
    if (this.#database) return this.#database;
    const database = new DatabaseSync(this.file, { timeout: busyMsMax });
    try {
      database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = off; pragma temp_store = memory');
      this.#database = database;
      this.#opened(this);
      return database;
    } catch (error) {
      this.#database = null;
      database.close();
      throw error;
    }
  }

  /** A statement prepared once a text; integers are read as bigint. */
  prepare(text: string): StatementSync {
    const { database } = this;
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = database.prepare(text);
      statement.setReadBigInts(true);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  all(text: string, ...values: SQLInputValue[]): SqliteRow[] {
    return this.prepare(text).all(...values);
  }

  run(text: string, ...values: SQLInputValue[]): number {
    return Number(this.prepare(text).run(...values).changes);
  }

  exec(text: string): void {
    this.database.exec(text);
  }

  /** Prepared statements of tables that have changed. */
  forgetStatements(): void {
    this.#statements = new Map();
  }

  /** To be awaited once a row in long loops: every so often the event loop has a turn, with the transaction open. */
  breathe(): Promise<void> | undefined {
    if (++this.#sinceTurn < statementsAtOnce) return undefined;
    this.#sinceTurn = 0;
    return setImmediate();
  }

  /** Does work in one write transaction. Rejects with a SluiceError, and then nothing has changed. */
  async transaction<T>(doing: string, abort: AbortSignal, work: () => Promise<T> | T): Promise<T> {
    const file = resolve(this.file);
    const turn = (turns.get(file) ?? Promise.resolve()).then(() => this.#transaction(doing, abort, work));
    const ended = turn.then(
      () => {},
      () => {},
    );
    turns.set(file, ended);
    try {
      return await turn;
    } finally {
      if (turns.get(file) === ended) turns.delete(file);
    }
  }

  async #transaction<T>(doing: string, abort: AbortSignal, work: () => Promise<T> | T): Promise<T> {
    try {
      abort.throwIfAborted();
      this.exec('begin immediate');
      const made = await work();
      abort.throwIfAborted();
      this.exec('commit');
      return made;
    } catch (error) {
      if (this.#database?.isTransaction) this.#database.exec('rollback');
      if (abort.aborted) throw stopped(doing);
      throw targetError(error, `${doing} in SQLite file ${this.file}`);
    }
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    this.#database?.close();
    this.#database = null;
  }
}
