import { arraySchema, type ConnectRecord, type JsonObject, type Schema, Struct, schemas, structSchema } from '../../src/contract/index.ts';
import type { EventOrder } from './captured-table.ts';
import { transactionBlockSchema } from './envelope.ts';
import type { NameAdjuster } from './name-adjustment.ts';

const idKey = 'transaction_id';
const countPrefix = 'transaction_data_collection_order_';

const collectionSchema = structSchema(
  [
    ['data_collection', schemas.string],
    ['event_count', schemas.int64],
  ],
  { name: 'event.collection', version: 1, optional: true },
);

function keySchemaOf(adjust: NameAdjuster): Schema {
  return structSchema([['id', schemas.string]], { name: adjust('io.debezium.connector.common.TransactionMetadataKey'), version: 1 });
}

function valueSchemaOf(adjust: NameAdjuster): Schema {
  return structSchema(
    [
      ['status', schemas.string],
      ['id', schemas.string],
      ['event_count', schemas.optionalInt64],
      ['data_collections', arraySchema(collectionSchema, { optional: true })],
      ['ts_ms', schemas.int64],
    ],
    { name: adjust('io.debezium.connector.common.TransactionMetadataValue'), version: 1 },
  );
}

/**
 * Follows the transaction being read (`provide.transaction.metadata`): announces its begin and end on a topic of their own, and gives each
 * event its place in it. One a task; its state goes into the task's offsets, so that counting goes on where it was after a restart.
 */
export class TransactionMetadata implements EventOrder {
  readonly #topic: string;
  readonly #keySchema: Schema;
  readonly #valueSchema: Schema;
  #transaction: string | null = null;
  #shownId = '';
  #total = 0n;
  readonly #counts = new Map<string, bigint>();

  constructor(topic: string, schemaName: NameAdjuster) {
    this.#topic = topic;
    this.#keySchema = keySchemaOf(schemaName);
    this.#valueSchema = valueSchemaOf(schemaName);
  }

  /** Goes on with the transaction that an offset was stored in. */
  restore(offset: JsonObject): void {
    this.#reset();
    const transaction = offset[idKey];
    this.#transaction = typeof transaction === 'string' ? transaction : null;
    for (const [name, count] of Object.entries(offset)) {
      if (!name.startsWith(countPrefix) || typeof count !== 'number') continue;
      this.#counts.set(name.slice(countPrefix.length), BigInt(count));
      this.#total += BigInt(count);
    }
  }

  /** The keys an offset in the middle of a transaction has; none between transactions. */
  store(): JsonObject {
    if (this.#transaction === null) return {};
    const counts = [...this.#counts].map(([name, count]) => [countPrefix + name, Number(count)]);
    return { [idKey]: this.#transaction, ...Object.fromEntries(counts) };
  }

  /**
   * A transaction begins. Publishes BEGIN, unless it is the one restored from an offset: that was published before. `shownId` is its id
   * in records, which may hold a position beside the transaction's own.
   */
  begin(out: ConnectRecord[], transaction: string, shownId: string, commitMs: bigint): void {
    this.#shownId = shownId;
    if (this.#transaction === transaction) return;
    this.#reset();
    this.#transaction = transaction;
    out.push(this.#record('BEGIN', commitMs, null, null));
  }

  /** The id that the next events show: PostgreSQL's holds the event's own LSN. */
  at(shownId: string): void {
    this.#shownId = shownId;
  }

  event(dataCollection: string): Struct {
    const order = (this.#counts.get(dataCollection) ?? 0n) + 1n;
    this.#counts.set(dataCollection, order);
    this.#total += 1n;
    return new Struct(transactionBlockSchema, [this.#shownId, this.#total, order]);
  }

  /** The transaction is committed. Publishes END with the counts; nothing where none is open. */
  end(out: ConnectRecord[], shownId: string, commitMs: bigint): void {
    if (this.#transaction === null) return;
    this.#shownId = shownId;
    const collections = [...this.#counts].map(([name, count]) => new Struct(collectionSchema, [name, count]));
    out.push(this.#record('END', commitMs, this.#total, collections));
    this.#reset();
  }

  #reset(): void {
    this.#transaction = null;
    this.#total = 0n;
    this.#counts.clear();
  }

  #record(status: 'BEGIN' | 'END', commitMs: bigint, count: bigint | null, collections: readonly Struct[] | null): ConnectRecord {
    return {
      topic: this.#topic,
      partition: null,
      timestamp: null,
      keySchema: this.#keySchema,
      key: new Struct(this.#keySchema, [this.#shownId]),
      valueSchema: this.#valueSchema,
      value: new Struct(this.#valueSchema, [status, this.#shownId, count, collections, commitMs]),
      headers: [],
    };
  }
}
