import type { SurelySaw } from './chunk-view.ts';
import type { StreamedTransaction } from './snapshot-view.ts';

/**
 * XA transactions of MySQL's stream. Their rows come with XA PREPARE, as a transaction of the binlog, and become visible with XA COMMIT, which is
 * another: a view saw the rows only where it saw that one. What was prepared before the task was started is not known here.
 */
export class XaTransactions {
  /** By identifier, as the binlog writes it; as many as the server has prepared at once. */
  readonly #prepared = new Map<string, StreamedTransaction>();
  /** null: not yet. */
  readonly #endedBy = new WeakMap<StreamedTransaction, StreamedTransaction | null>();

  /** Rows were streamed that are not visible yet. */
  get isUndecided(): boolean {
    return this.#prepared.size > 0;
  }

  /** Any statement of the binlog, with the transaction that it is in. */
  statement(text: string, transaction: StreamedTransaction): void {
    const [, verb, identifier] = /^XA (START|BEGIN|COMMIT|ROLLBACK) (\S+)/i.exec(text) ?? [];
    if (verb === undefined || identifier === undefined) return;
    if (/START|BEGIN/i.test(verb)) {
      this.#prepared.set(identifier, transaction);
      this.#endedBy.set(transaction, null);
      return;
    }
    const prepared = this.#prepared.get(identifier);
    if (prepared !== undefined) this.#endedBy.set(prepared, transaction);
    this.#prepared.delete(identifier);
  }

  /** XA COMMIT ONE PHASE: nothing more comes of this transaction. */
  committed(transaction: StreamedTransaction): void {
    if (this.#endedBy.has(transaction)) this.#endedBy.set(transaction, transaction);
    for (const [identifier, prepared] of this.#prepared) if (prepared === transaction) this.#prepared.delete(identifier);
  }

  /** Whether a view saw a transaction’s rows. */
  visible(sees: SurelySaw): SurelySaw {
    return transaction => {
      const end = this.#endedBy.get(transaction);
      return end === undefined ? sees(transaction) : end !== null && sees(end);
    };
  }
}
