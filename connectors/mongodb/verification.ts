import type { Document, MongoClient, Timestamp } from 'mongodb';
import {
  type ConnectRecord,
  SluiceError,
  type SourceVerification,
  type VerifiableRange,
  type VerifiableTable,
} from '../../src/contract/index.ts';
import { instantOf } from '../debezium/envelope.ts';
import { betweenNs } from '../debezium/verifiable-records.ts';
import type { ChangeEvent } from './change-event.ts';
import { namespaceOf } from './collection-id.ts';
import type { CollectionRecords } from './collection-records.ts';
import { Collections, type ListedCollection } from './collections.ts';
import { connect } from './connection.ts';
import { databaseError } from './database-error.ts';
import { RawCursor } from './raw-cursor.ts';
import type { MongoSettings, RecordMakers } from './settings.ts';
import { idBound, idText } from './snapshot-collection.ts';

type Opened = { readonly client: MongoClient; readonly listed: ReadonlyMap<string, ListedCollection> };

/** Reads collections for a verification, on a connection of its own, by `_id`. */
export class MongoVerification implements SourceVerification {
  readonly #settings: MongoSettings;
  readonly #makers: RecordMakers;
  readonly #collections: Collections;
  #opened: Opened | null = null;

  constructor(settings: MongoSettings, makers: RecordMakers) {
    [this.#settings, this.#makers] = [settings, makers];
    this.#collections = new Collections(settings, makers);
  }

  async tables(abort: AbortSignal): Promise<readonly VerifiableTable[]> {
    const { client, listed } = await this.#open(abort);
    const tables: VerifiableTable[] = [];
    for (const [name, collection] of listed) {
      const rowsEstimated = collection.derived
        ? null
        : await client.db(collection.database).collection(collection.collection).estimatedDocumentCount();
      // Views and time series cannot be read in the order of their ids.
      tables.push({ name, topic: this.#collections.of(collection).topic, keyed: !collection.derived, rowsEstimated });
    }
    return tables;
  }

  /** The lower bound of the index is inclusive: the first document may be the one before. */
  readRange(name: string, after: readonly string[] | null, rowsMax: number, abort: AbortSignal): Promise<VerifiableRange> {
    const last = after?.[0] ?? null;
    const min = last === null ? {} : { min: idBound(last) };
    const limit = last === null ? rowsMax : rowsMax + 1;
    return this.#read(name, { filter: {}, sort: { _id: 1 }, hint: { _id: 1 }, ...min, limit, batchSize: limit }, limit, last, abort);
  }

  readKeys(name: string, keys: readonly (readonly string[])[], abort: AbortSignal): Promise<VerifiableRange> {
    const ids = keys.map(([id]) => idBound(id!)['_id'] as unknown);
    // Of no keys only the position is asked for, and an empty list finds none.
    return this.#read(name, { filter: { _id: { $in: ids } }, batchSize: keys.length + 1 }, keys.length + 1, null, abort);
  }

  async #read(name: string, find: Document, rowsMax: number, last: string | null, abort: AbortSignal): Promise<VerifiableRange> {
    const { client, listed } = await this.#open(abort);
    const collection = listed.get(name);
    if (collection === undefined) throw new SluiceError('SNAPSHOT_FAILED', `Collection ${name} is not there.`);
    const records = this.#collections.of(collection);
    try {
      await using cursor = await RawCursor.open(client, collection.database, { find: collection.collection, ...find }, abort);
      const documents: Buffer[] = [];
      while (!cursor.exhausted) documents.push(...(await cursor.next(rowsMax, null)).documents);
      const fresh = last !== null && documents[0] !== undefined && idText(documents[0]) === last ? documents.slice(1) : documents;
      const at = instantOf(this.#makers.clock.nowNs());
      const rows = fresh.map(document => {
        const out: ConnectRecord[] = [];
        records.emitRead(out, document, 'true', at);
        return { key: [idText(document)], record: out[0]! };
      });
      const [first] = fresh;
      const echo = first === undefined ? null : changeOf(records, first, at.ns + betweenNs);
      return { rows, more: documents.length >= rowsMax, position: positionOf(cursor.operationTime, name), echo };
    } catch (error) {
      throw databaseError(error, `Reading collection ${name} for a verification`);
    }
  }

  async #open(abort: AbortSignal): Promise<Opened> {
    if (this.#opened !== null) return this.#opened;
    const client = await connect(this.#settings.connection, abort);
    try {
      const listed = await this.#collections.list(client);
      this.#opened = { client, listed: new Map(listed.map(collection => [namespaceOf(collection), collection])) };
      return this.#opened;
    } catch (error) {
      await client.close().catch(() => {});
      throw databaseError(error, 'Listing the collections for a verification');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened?.client.close().catch(() => {});
  }
}

/** A cluster time as `seconds:increment`. */
function positionOf(time: Timestamp | null, name: string): string {
  if (time === null) throw new SluiceError('DATABASE_FAILED', `The server does not tell the time at which it read ${name}.`);
  return `${time.getHighBitsUnsigned()}:${time.getLowBitsUnsigned()}`;
}

/** A document as an insert of another moment publishes it. */
function changeOf(records: CollectionRecords, document: Buffer, ns: bigint): ConnectRecord {
  const event: ChangeEvent = {
    token: null,
    operation: 'insert',
    namespaceKey: '',
    ...records.id,
    documentKey: document,
    fullDocument: document,
    fullDocumentBeforeChange: null,
    updateDescription: null,
    clusterTime: { seconds: Number(ns / 1_000_000_000n), increment: 7 },
    wallTimeMs: ns / 1_000_000n,
    lsid: null,
    txnNumber: null,
    split: null,
  };
  const out: ConnectRecord[] = [];
  records.emitChange(out, event, null, instantOf(ns), null);
  return out[0]!;
}
