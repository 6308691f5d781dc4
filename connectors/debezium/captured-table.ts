import {
  type ConnectRecord,
  type Header,
  type Schema,
  Struct,
  structSchema,
  type UnreadFields,
  UnreadRow,
  UnreadStruct,
  type Value,
} from '../../src/contract/index.ts';
import { mapColumn } from './column-rules.ts';
import { envelopeSchema, type Instant, type Operation } from './envelope.ts';
import { sameValues } from './equality.ts';
import type { TableEventCounts } from './event-counts.ts';
import { keyColumns } from './message-keys.ts';
import type { RecordOptions } from './record-options.ts';
import type { ColumnDefinition, Row, TableDefinition, TableId } from './table.ts';
import { qualifiedName } from './table-name.ts';

/** Gives each event its place in its transaction (`provide.transaction.metadata`). */
export type EventOrder = {
  /** Counts an event of the table or collection of that name; the envelope's `transaction` block. */
  event(dataCollection: string): Struct;
};

/** What an event has beside its rows. One object may serve all events of a task, its fields set anew before each. */
export type EventContext = {
  source: Struct;
  /** When the change was processed: the envelope's ts_ms, ts_us, ts_ns. */
  at: Instant;
  /** null: records have no transaction block (snapshots; metadata switched off). */
  transaction: EventOrder | null;
};

/** Values of some columns of a row, in that order. */
function pick(row: Row, indexes: readonly number[]): Value[] {
  const values = new Array<Value>(indexes.length);
  for (let index = 0; index < indexes.length; index++) values[index] = row[indexes[index]!]!;
  return values;
}

/**
 * One version of a table, ready to make records of its changes: what Debezium's TableSchema, emitter and dispatcher do together. Its
 * schemas are made once. The emit functions append to `out`; rows have one value a column of the definition and are not copied where
 * nothing is excluded or masked, so they must not change afterwards.
 */
export class CapturedTable {
  readonly definition: TableDefinition;
  readonly id: TableId;
  readonly topic: string;
  /** Name in filters and transaction metadata: `schema.table`. */
  readonly name: string;
  /** null: the table has no key, and its records neither. */
  readonly keySchema: Schema | null;
  /** Of `before` and `after`. */
  readonly rowSchema: Schema;
  readonly valueSchema: Schema;
  /** By the definition's columns: whether any record shows it. A decoder may leave the others null. */
  readonly neededColumns: readonly boolean[];
  /** Options that name columns of this table and have no effect on them; for the log. */
  readonly warnings: readonly string[];
  readonly #options: RecordOptions;
  readonly #counts: TableEventCounts;
  readonly #keyIndexes: readonly number[];
  /** null: all columns, in the definition's order. */
  readonly #rowIndexes: readonly number[] | null;
  /** By field of the row's schema; null: no value is mapped. */
  readonly #maps: readonly (((value: Value) => Value) | null)[] | null;
  /** The same of rows that were not read. */
  readonly #unreadKey: UnreadFields;
  readonly #unreadRow: UnreadFields;

  constructor(definition: TableDefinition, options: RecordOptions) {
    const { id, columns } = definition;
    this.definition = definition;
    this.id = id;
    this.#options = options;
    this.name = qualifiedName(id);
    this.topic = options.topics.dataChangeTopic(id);
    this.#counts = options.events.of(this.name);
    const key = keyColumns(options.messageKeys, definition);
    this.#keyIndexes = key.map(name => columns.findIndex(column => column.name === name)).filter(index => index >= 0);
    this.keySchema =
      this.#keyIndexes.length === 0
        ? null
        : structSchema(
            this.#keyIndexes.map(index => this.#field(columns[index]!)),
            { name: options.schemaName(`${this.topic}.Key`) },
          );
    const shown = columns.flatMap((column, index) => (options.includesColumn(id, column) ? [index] : []));
    const mapped = shown.map(index => mapColumn(options.columnRules, id, columns[index]!));
    this.rowSchema = structSchema(
      shown.map((index, place) => [options.fieldName(columns[index]!.name), mapped[place]!.schema] as const),
      { name: options.schemaName(`${this.topic}.Value`), optional: true },
    );
    this.valueSchema = envelopeSchema(options.schemaName(`${this.topic}.Envelope`), this.rowSchema, options.sourceSchema);
    this.#rowIndexes = shown.length === columns.length ? null : shown;
    this.#maps = mapped.some(({ map }) => map !== null) ? mapped.map(({ map }) => map) : null;
    this.#unreadKey = { columns: this.#keyIndexes, maps: null };
    this.#unreadRow = { columns: shown, maps: this.#maps };
    this.neededColumns = columns.map((_, index) => shown.includes(index) || this.#keyIndexes.includes(index));
    this.warnings = mapped.flatMap(({ warning }) => (warning === null ? [] : [warning]));
  }

  /** A row of the snapshot, one that was not read being cheaper. */
  emitRead(out: ConnectRecord[], row: Row | UnreadRow, context: EventContext): void {
    if (row instanceof UnreadRow) {
      const key = this.keySchema === null ? null : new UnreadStruct(this.keySchema, row, this.#unreadKey);
      const after = new UnreadStruct(this.rowSchema, row, this.#unreadRow);
      this.#emit(out, 'r', key, null, after, context, this.#options.headers);
    } else this.#emit(out, 'r', this.#key(row), null, this.#row(row), context, this.#options.headers);
  }

  emitCreate(out: ConnectRecord[], after: Row, context: EventContext): void {
    this.#emit(out, 'c', this.#key(after), null, this.#row(after), context, this.#options.headers);
  }

  /**
   * `before`: the old row as far as the database sent it; null: not at all. A key that is another than before makes it a delete and
   * a create, each with the other's key in a header.
   */
  emitUpdate(out: ConnectRecord[], before: Row | null, after: Row, context: EventContext): void {
    const options = this.#options;
    const newRow = this.#row(after);
    const oldRow = before === null ? null : this.#row(before);
    if (options.skipMessagesWithoutChange && oldRow !== null && sameValues(oldRow.values, newRow.values)) {
      options.filtered.unchanged++;
      return;
    }
    const newKey = this.#key(after);
    const oldKey = before === null ? null : this.#key(before);
    if (oldKey === null || newKey === null || sameValues(oldKey.values, newKey.values)) {
      this.#emit(out, 'u', newKey, oldRow, newRow, context, options.headers);
      return;
    }
    const header = (key: string, value: Struct): readonly Header[] => [{ key, schema: this.keySchema, value }, ...options.headers];
    this.#emit(out, 'd', oldKey, oldRow, null, context, header('__debezium.newkey', newKey));
    this.#emit(out, 'c', newKey, null, newRow, context, header('__debezium.oldkey', oldKey));
  }

  emitDelete(out: ConnectRecord[], before: Row, context: EventContext): void {
    this.#emit(out, 'd', this.#key(before), this.#row(before), null, context, this.#options.headers);
  }

  emitTruncate(out: ConnectRecord[], context: EventContext): void {
    this.#emit(out, 't', null, null, null, context, this.#options.headers);
  }

  #field(column: ColumnDefinition): readonly [string, Schema] {
    return [this.#options.fieldName(column.name), column.schema];
  }

  #key(row: Row): Struct | null {
    return this.keySchema === null ? null : new Struct(this.keySchema, pick(row, this.#keyIndexes));
  }

  #row(row: Row): Struct {
    const maps = this.#maps;
    if (maps === null) return new Struct(this.rowSchema, this.#rowIndexes === null ? row : pick(row, this.#rowIndexes));
    const values = this.#rowIndexes === null ? row.slice() : pick(row, this.#rowIndexes);
    for (let index = 0; index < maps.length; index++) {
      const map = maps[index]!;
      if (map !== null) values[index] = map(values[index]!);
    }
    return new Struct(this.rowSchema, values);
  }

  #emit(
    out: ConnectRecord[],
    op: Operation,
    key: Struct | null,
    before: Struct | null,
    after: Struct | null,
    { source, at, transaction }: EventContext,
    headers: readonly Header[],
  ): void {
    const options = this.#options;
    if (options.skippedOperations.has(op)) {
      options.filtered.skipped++;
      return;
    }
    this.#counts.count(op);
    const block = transaction === null ? null : transaction.event(this.name);
    const { topic } = this;
    const keySchema = op === 't' ? null : this.keySchema;
    out.push({
      topic,
      partition: null,
      timestamp: null,
      keySchema,
      key,
      valueSchema: this.valueSchema,
      value: new Struct(this.valueSchema, [before, after, source, block, op, at.ms, at.us, at.ns]),
      headers,
    });
    if (op === 'd' && options.tombstonesOnDelete)
      out.push({ topic, partition: null, timestamp: null, keySchema, key, valueSchema: null, value: null, headers });
  }
}

/** Compiles one version of a table. Costs as much as a few hundred records: once for every version, not per change. */
export function compileTable(definition: TableDefinition, options: RecordOptions): CapturedTable {
  return new CapturedTable(definition, options);
}
