import { type Change, type Row, readChange, rowOf, type SinkRecord, type TopicPartition } from '../../src/contract/index.ts';
import { documentId, placeId } from './document-id.ts';
import type { JsonText } from './json-text.ts';
import type { Operation, Truncation } from './operation.ts';
import { RecordFault } from './record-fault.ts';
import type { DocumentSettings, IndexSettings } from './settings.ts';

/** An operation before its place among those of its document is known. */
export type Planned = Omit<Operation, 'earlier'>;

/** Decides what a record asks for: which document of which index, to be written or deleted. */
export class Planner {
  readonly #documents: DocumentSettings;
  readonly #indices: IndexSettings;
  readonly #json: JsonText;
  /** By partition, the last row deleted: the tombstone behind it says nothing of the index it was in. */
  readonly #deleted = new Map<string, { readonly id: string; readonly name: string }>();
  /** By topic, how many of its partitions the task has. */
  readonly #partitions = new Map<string, number>();

  constructor(documents: DocumentSettings, indices: IndexSettings, json: JsonText) {
    this.#documents = documents;
    this.#indices = indices;
    this.#json = json;
  }

  /** The task's partitions have changed. */
  assigned(partitions: readonly TopicPartition[]): void {
    this.#partitions.clear();
    for (const { topic } of partitions) this.#partitions.set(topic, (this.#partitions.get(topic) ?? 0) + 1);
  }

  /**
   * Nothing, one operation, or two where a row moves to another index; or a truncation. Throws RecordFault for a record of which nothing can
   * be made.
   */
  plan(record: SinkRecord, index: number): readonly (Planned | Truncation)[] {
    const change = readChange(record, this.#documents.unavailable);
    switch (change.kind) {
      case 'upsert':
        return this.#upsert(record, index, change);
      case 'delete':
        return this.#delete(record, index, change);
      case 'truncate':
        return this.#truncate(record, change);
      default:
        if (change.operation === 'c' || change.operation === 'u' || change.operation === 'r')
          throw new RecordFault(
            'its envelope holds no row of fields; MongoDB’s documents come as fields with the transform ExtractNewDocumentState',
          );
        // Messages, heartbeats, boundaries of transactions and schema changes are of no row.
        if (rowOf(record.value) === null) throw new RecordFault('its value is no object, and a document is one');
        return [];
    }
  }

  #upsert(record: SinkRecord, index: number, change: Change): readonly Planned[] {
    const row = change.after;
    const name = this.#indices.naming.nameOf(record, change, row);
    if (this.#documents.keyIgnored(record.topic)) return [this.#operation(record, index, change, name, placeId(record), row)];
    const id = documentId(record, this.#json);
    const written = this.#operation(record, index, change, name, id, row);
    const former = this.#formerName(record, change);
    return former === null || former === name ? [written] : [this.#operation(record, index, change, former, id, null), written];
  }

  /** The index that held the row as it was before; null where the record does not say. */
  #formerName(record: SinkRecord, change: Change): string | null {
    if (this.#indices.naming.byTopicOnly || change.before === null) return null;
    try {
      return this.#indices.naming.nameOf(record, change, change.before);
    } catch (error) {
      if (error instanceof RecordFault) return null;
      throw error;
    }
  }

  #delete(record: SinkRecord, index: number, change: Change): readonly Planned[] {
    if (this.#documents.onDelete === 'ignore') return [];
    if (this.#documents.onDelete === 'fail')
      throw new RecordFault("it is a delete, and behavior.on.null.values is 'fail'; 'delete' deletes the document, 'ignore' leaves it");
    // Every record is a document of its own then: there is none to delete.
    if (this.#documents.keyIgnored(record.topic)) return [];
    const id = documentId(record, this.#json);
    const partition = `${record.place.topic}/${record.place.partition}`;
    const last = this.#deleted.get(partition);
    const isTombstone = record.value === null;
    const name = isTombstone && last?.id === id ? last.name : this.#indices.naming.nameOf(record, change, change.before);
    this.#deleted.set(partition, { id, name });
    return [this.#operation(record, index, change, name, id, null)];
  }

  #truncate(record: SinkRecord, change: Change): readonly Truncation[] {
    if (!this.#documents.truncates)
      throw new RecordFault(
        'it says that its table was truncated; truncate.enabled=true deletes its documents, or have the source skip truncates (skipped.operations=t)',
      );
    // Every record is a document of its own then: there is none to delete.
    if (this.#documents.keyIgnored(record.topic)) return [];
    const { topic, partition } = record.place;
    // Partitions have no order among each other. What is redelivered comes to a task that has none.
    if (partition > 0 || this.#partitions.get(topic) !== 1)
      throw new RecordFault(
        'it says that its table was truncated, and only a task that has the one partition of its topic knows which documents are older',
      );
    return [{ kind: 'truncate', record, target: this.#targetOf(this.#indices.naming.nameOf(record, change, null)) }];
  }

  #targetOf(name: string): string {
    const { generation } = this.#indices;
    return generation === null ? name : indexOfGeneration(name, generation);
  }

  #operation(record: SinkRecord, index: number, change: Change, name: string, id: string, row: Row | null): Planned {
    return { index, record, change, target: this.#targetOf(name), name, id, kind: row === null ? 'delete' : 'write', row };
  }
}

/** The index behind an alias that a generation writes. */
export function indexOfGeneration(alias: string, generation: number): string {
  return `${alias}-v${generation}`;
}
