import type { Client } from '@elastic/elasticsearch';
import { type Logger, type ReplayedStates, type Schema, type SinkBatch, SluiceError } from '../../src/contract/index.ts';
import { type BulkItem, BulkWriter } from './bulk-writer.ts';
import { DeleteMarkers } from './delete-markers.ts';
import { DocumentText, type FieldTexts } from './document.ts';
import { IndexCatalogue } from './index-catalogue.ts';
import type { JsonText } from './json-text.ts';
import { MarkerRetention } from './marker-retention.ts';
import { MissingColumns } from './missing-columns.ts';
import { deleteOlder } from './older-documents.ts';
import type { Operation, Truncation } from './operation.ts';
import type { ElasticsearchConfig } from './settings.ts';
import type { StateIndex } from './state-index.ts';
import type { Cause } from './target-error.ts';

/** How often an update is tried again inside Elasticsearch where somebody else changes the same document. */
const conflictRetries = 5;

/** Makes operations durable: indices and mappings first, then what the documents need, then bulk requests. */
export class DocumentWriter {
  readonly #client: Client;
  readonly #config: ElasticsearchConfig;
  readonly #catalogue: IndexCatalogue;
  readonly #state: StateIndex;
  readonly #retention: MarkerRetention;
  readonly #markers: DeleteMarkers | null;
  readonly #documents: DocumentText;
  readonly #missing: MissingColumns;
  readonly bulk: BulkWriter;

  constructor(client: Client, config: ElasticsearchConfig, state: StateIndex, json: JsonText, logger: Logger, nowMs: () => number) {
    this.#client = client;
    this.#config = config;
    this.#catalogue = new IndexCatalogue(client, config.indices, config.documents.compactMaps, logger);
    this.#state = state;
    this.#retention = new MarkerRetention(state, config.indices.markersMs, nowMs, logger);
    this.#markers = config.indices.deleteMarkers ? new DeleteMarkers(state, this.#retention) : null;
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

  /** Writes operations on different documents; by operation, why it was refused: those that were are in it. */
  async write(
    operations: readonly Operation[],
    { mode, states }: Pick<SinkBatch, 'mode' | 'states'>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<Operation, Cause>> {
    for (const operation of operations) {
      const schema = this.#mappedSchema(operation);
      if (!this.#catalogue.isReady(operation.target, schema)) await this.#catalogue.prepare(operation.target, schema, signal);
    }
    const superseded = await this.#markers?.superseded(operations, mode, signal);
    const current = superseded?.size ? operations.filter(operation => !superseded.has(operation)) : operations;
    const columns = this.#config.documents.method === 'insert' ? await this.#missing.resolve(current, signal) : null;
    if (this.#markers !== null && current.some(({ kind }) => kind === 'delete')) await this.#state.ensure(signal);
    const again = mode === 'replay';
    const newer = new Map<Operation, bigint>();
    const outcomes = await this.#send(current, columns, signal, { again, newer });
    if (states === undefined || newer.size === 0) return outcomes;
    const foreign = await foreignVersions(newer, states);
    const healed = await this.#send([...foreign.keys()], columns, signal, { again, versions: foreign });
    return new Map([...outcomes, ...healed]);
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

  /** `newer` gets the versions of documents that were newer than what was sent; `versions`: what is written at another version than its record's. */
  async #send(
    operations: readonly Operation[],
    columns: ReadonlyMap<Operation, FieldTexts> | null,
    signal: AbortSignal,
    { again, newer, versions }: { again: boolean; newer?: Map<Operation, bigint>; versions?: ReadonlyMap<Operation, bigint> },
  ) {
    const items = operations.map(operation =>
      this.#item(operation, columns?.get(operation) ?? null, again, versions?.get(operation) ?? operation.record.version),
    );
    const deletes = this.#markers === null ? [] : operations.filter(({ kind }) => kind === 'delete');
    const markers = deletes.map((operation): BulkItem => ({ lines: this.#markers!.lines(operation), versioned: true }));
    const outcomes = await this.bulk.write([...items, ...markers], signal, (index, version) => {
      const operation = operations[index];
      if (operation !== undefined) newer?.set(operation, version);
    });
    for (const operation of deletes) this.#markers?.written(operation);
    if (deletes.length > 0) await this.#retention.prune(signal);
    const refused = new Map<Operation, Cause>();
    for (const [index, operation] of operations.entries()) {
      const cause = outcomes[index] ?? null;
      if (cause !== null) refused.set(operation, cause);
    }
    return refused;
  }

  /** `again`: what stands at the very version is written over. */
  #item(operation: Operation, columns: FieldTexts | null, again: boolean, version: bigint): BulkItem {
    const { target, id, row, change } = operation;
    const place = `{"_index":${JSON.stringify(target)},"_id":${JSON.stringify(id)}`;
    if (this.#config.documents.method === 'upsert') {
      if (row === null) return { lines: `{"delete":${place}}}\n`, versioned: false };
      const unsent = change.missing.length === 0 ? null : new Map(change.missing.map(name => [name, undefined]));
      const fields = `{"doc":${this.#documents.of(row, unsent)},"doc_as_upsert":true}`;
      return { lines: `{"update":${place},"retry_on_conflict":${conflictRetries}}}\n${fields}\n`, versioned: false };
    }
    const versioned = `${place},"version":${version},"version_type":"${again ? 'external_gte' : 'external'}"}}\n`;
    if (row === null) return { lines: `{"delete":${versioned}`, versioned: true };
    return { lines: `{"index":${versioned}${this.#documents.of(row, columns)}\n`, versioned: true };
  }
}

/**
 * Of operations that met greater versions, those whose version is nobody's: the log has no record of the key up to there, so that somebody else has
 * written the document, and raised its version. Written at that version, the record's state is there again, and what the log brings next is newer.
 */
async function foreignVersions(
  newer: ReadonlyMap<Operation, bigint>,
  { superseded }: ReplayedStates,
): Promise<ReadonlyMap<Operation, bigint>> {
  const late = await superseded([...newer].map(([{ record }, upTo]) => ({ record, upTo })));
  return new Map([...newer].filter(([{ record }]) => !late.has(record)));
}
