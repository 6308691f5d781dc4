import { randomUUID } from 'node:crypto';
import type { Document, MongoClient } from 'mongodb';
import type { Logger } from '../../src/contract/index.ts';
import { fatalCodes } from '../debezium/incremental/chunk-database.ts';
import { type CollectionId, namespaceOf } from './collection-id.ts';
import { databaseError } from './database-error.ts';

/**
 * Writes an incremental snapshot's watermarks into the signal collection, as Debezium does. What is newer is known by cluster times, so they are for
 * who reads them there, and move a stream on that has nothing else to bring: if they cannot be written that is said once, and the snapshot goes on.
 */
export class Watermarks {
  readonly #client: MongoClient;
  readonly #signals: CollectionId;
  readonly #deletes: boolean;
  readonly #logger: Logger;
  #told = false;

  /** `deletes`: `incremental.snapshot.watermarking.strategy=insert_delete`. */
  constructor(client: MongoClient, signals: CollectionId, deletes: boolean, logger: Logger) {
    [this.#client, this.#signals, this.#deletes, this.#logger] = [client, signals, deletes, logger];
  }

  /** Opens the window of one chunk; the answer closes it. */
  async open(): Promise<() => Promise<void>> {
    const chunk = randomUUID();
    const { collection } = this.#signals;
    const insert = (end: 'open' | 'close'): Document => ({
      insert: collection,
      documents: [{ _id: `${chunk}-${end}`, type: `snapshot-window-${end}`, payload: '' }],
    });
    await this.#write(insert('open'));
    const remove = { delete: collection, deletes: [{ q: { _id: `${chunk}-open` }, limit: 1 }] };
    return () => this.#write(this.#deletes ? remove : insert('close'));
  }

  async #write(command: Document): Promise<void> {
    const name = namespaceOf(this.#signals);
    try {
      await this.#client.db(this.#signals.database).command(command);
    } catch (thrown) {
      const error = databaseError(thrown, `Writing a watermark into ${name}`);
      if (fatalCodes.has(error.code)) throw error;
      if (!this.#told)
        this.#logger.warn({ code: error.code }, `${error.message}; the snapshot does not need watermarks and goes on without them`);
      this.#told = true;
    }
  }
}
