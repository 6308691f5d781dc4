import pg from 'pg';
import { SluiceError } from '../../../contract/index.ts';
import { storeError } from '../../event-store/postgres/store-error.ts';

/** How the database is reached: what a client of `pg` takes. */
export type SagaConnection = string | pg.ClientConfig;

/** So long a new leader waits for the former one's last transaction, and any statement for whatever holds it up. */
const lockMsMax = 10_000;
const statementMsMax = 30_000;
/** A leader that went away within a transaction, and whose connection the server still believes in. */
const idleInTransactionMsMax = 30_000;
/** Beyond all of those nobody answers any more. */
const answerMsMax = 40_000;
const connectMsMax = 10_000;

/**
 * One connection, on which one thing is done after another: a transaction at a time. Its owner disposes of it. What fails is told as SluiceError
 * STORE_UNAVAILABLE or STORE_FAILED, and what comes behind a transaction that failed is not done.
 */
export class SagaSession implements AsyncDisposable {
  readonly #client: pg.Client;
  readonly #what: string;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(client: pg.Client, what: string) {
    [this.#client, this.#what] = [client, what];
  }

  /** `what` is done here, for messages: "The sagas in schema x". */
  static async open(connection: SagaConnection, what: string): Promise<SagaSession> {
    const client = new pg.Client({
      application_name: 'Sluice sagas',
      keepAlive: true,
      connectionTimeoutMillis: connectMsMax,
      lock_timeout: lockMsMax,
      statement_timeout: statementMsMax,
      idle_in_transaction_session_timeout: idleInTransactionMsMax,
      query_timeout: answerMsMax,
      ...(typeof connection === 'string' ? { connectionString: connection } : connection),
    });
    // A lost connection is reported by the statement that is under way, or follows; an error that nobody hears would end the process.
    client.on('error', () => {});
    try {
      await client.connect();
      // A transition counts as durable when it is committed.
      await client.query("select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'");
      return new SagaSession(client, what);
    } catch (error) {
      await client.end().catch(() => {});
      throw storeError(error, `${what} cannot be reached`);
    }
  }

  /** Does what needs no transaction of its own, behind what is under way. `doing` completes "The sagas in schema x cannot ...". */
  run<Result>(doing: string, action: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const result = this.#tail.then(() => action(this.#client));
    this.#tail = result.catch(() => {});
    return result.catch((error: unknown) => {
      throw storeError(error, `${this.#what} cannot ${doing}`);
    });
  }

  /** All of it or nothing. `first`: a statement without parameters, sent with the beginning; `action` gets its rows. */
  transaction<Row extends object, Result>(
    doing: string,
    first: string,
    action: (client: pg.Client, rows: readonly Row[]) => Promise<Result>,
  ): Promise<Result> {
    return this.run(doing, async client => {
      try {
        const answers: unknown = await client.query(`begin isolation level read committed read write; ${first}`);
        const result = await action(client, lastRows<Row>(answers));
        await client.query('commit');
        return result;
      } catch (error) {
        // Where the connection is gone the server rolls back by itself.
        await client.query('rollback').catch(() => {});
        throw error;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end().catch(() => {});
  }
}

/** Of a text with several statements the last one's rows. */
function lastRows<Row>(answers: unknown): readonly Row[] {
  const last = Array.isArray(answers) ? (answers as readonly { readonly rows: readonly Row[] }[]).at(-1) : undefined;
  if (last === undefined) throw new SluiceError('INTERNAL', 'The beginning of a transaction has no answer.');
  return last.rows;
}
