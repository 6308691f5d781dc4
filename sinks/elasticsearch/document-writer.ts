import type { Client } from '@elastic/elasticsearch';
import { type Logger, type Schema, SluiceError } from '../../src/contract/index.ts';
import { type BulkItem, BulkWriter, type Outcome } from './bulk-writer.ts';
import { DeleteMarkers } from './delete-markers.ts';
import { DocumentText, type FieldTexts } from './document.ts';
import { IndexCatalogue } from './index-catalogue.ts';
import type { JsonText } from './json-text.ts';
import { MissingColumns } from './missing-columns.ts';
import { deleteOlder } from './older-documents.ts';
import type { Operation, Truncation } from './operation.ts';
import type { ElasticsearchConfig } from './settings.ts';
import type { StateIndex } from './state-index.ts';

/** How often an update is tried again inside Elasticsearch where somebody else changes the same document. */
const conflictRetries = 5;

/** Makes operations durable: indices and mappings first, then what the documents need, then bulk requests. */
export class DocumentWriter {
  readonly #client: Client;
  readonly #config: ElasticsearchConfig;
  readonly #catalogue: IndexCatalogue;
  readonly #state: StateIndex;
  readonly #markers: DeleteMarkers | null;
  readonly #documents: DocumentText;
  readonly #missing: MissingColumns;
  readonly bulk: BulkWriter;

  constructor(client: Client, config: ElasticsearchConfig, state: StateIndex, json: JsonText, logger: Logger) {
    this.#client = client;
    this.#config = config;
    this.#catalogue = new IndexCatalogue(client, config.indices, config.documents.compactMaps, logger);
    this.#state = state;
    this.#markers = config.indices.deleteMarkers ? new DeleteMarkers(state) : null;
    this.#documents = new DocumentText(json);
    this.#missing = new MissingColumns(client, this.#documents);
    this.bulk = new BulkWriter(client, config.writing);
  }

  /** The task's partitions have changed. */
  reassigned(): void {
    this.#markers?.forget();
  }

  /** Something went wrong: what is known of the target may no longer be so. */
  doubt(): void {
    this.#catalogue.forget();
    this.#markers?.forget();
  }

  /** Writes operations on different documents; by operation, what came of it. */
  async write(operations: readonly Operation[], mode: 'live' | 'replay', signal: AbortSignal): Promise<ReadonlyMap<Operation, Outcome>> {
    for (const operation of operations) {
      const schema = this.#mappedSchema(operation);
      if (!this.#catalogue.isReady(operation.target, schema)) await this.#catalogue.prepare(operation.target, schema, signal);
    }
    const superseded = await this.#markers?.superseded(operations, mode, signal);
    const current = superseded?.size ? operations.filter(operation => !superseded.has(operation)) : operations;
    const columns = this.#config.documents.method === 'insert' ? await this.#missing.resolve(current, signal) : null;
    if (this.#markers !== null && current.some(({ kind }) => kind === 'delete')) await this.#state.ensure(signal);
    return this.#send(current, columns, signal);
  }

  /** Deletes all documents that are older than a truncation. Its marker comes first, so that nothing older is written from then on. */
  async truncate(truncation: Truncation, signal: AbortSignal): Promise<void> {
    if (this.#markers === null) throw new SluiceError('INTERNAL', 'A truncation needs delete.markers.');
    await this.#state.ensure(signal);
    await this.bulk.write([{ lines: this.#markers.truncationLines(truncation), versioned: true }], signal);
    this.#markers.written(truncation);
    await deleteOlder(this.#client, this.bulk, truncation, signal);
  }

  #mappedSchema({ row, record }: Operation): Schema | null {
    return row === null || this.#config.documents.schemaIgnored(record.topic) ? null : row.schema;
  }

  async #send(operations: readonly Operation[], columns: ReadonlyMap<Operation, FieldTexts> | null, signal: AbortSignal) {
    const items = operations.map(operation => this.#item(operation, columns?.get(operation) ?? null));
    const deletes = this.#markers === null ? [] : operations.filter(({ kind }) => kind === 'delete');
    const markers = deletes.map((operation): BulkItem => ({ lines: this.#markers!.lines(operation), versioned: true }));
    const outcomes = await this.bulk.write([...items, ...markers], signal);
    for (const operation of deletes) this.#markers?.written(operation);
    return new Map(operations.map((operation, index) => [operation, outcomes[index] ?? null]));
  }

  #item(operation: Operation, columns: FieldTexts | null): BulkItem {
    const { target, id, record, row, change } = operation;
    const place = `{"_index":${JSON.stringify(target)},"_id":${JSON.stringify(id)}`;
    if (this.#config.documents.method === 'upsert') {
      if (row === null) return { lines: `{"delete":${place}}}\n`, versioned: false };
      const unsent = change.missing.length === 0 ? null : new Map(change.missing.map(name => [name, undefined]));
      const fields = `{"doc":${this.#documents.of(row, unsent)},"doc_as_upsert":true}`;
      return { lines: `{"update":${place},"retry_on_conflict":${conflictRetries}}}\n${fields}\n`, versioned: false };
    }
    const versioned = `${place},"version":${record.version},"version_type":"external"}}\n`;
    if (row === null) return { lines: `{"delete":${versioned}`, versioned: true };
    return { lines: `{"index":${versioned}${this.#documents.of(row, columns)}\n`, versioned: true };
  }
}
