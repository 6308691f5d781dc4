import { recordVersion, type Schema, type SinkRecord, Struct, schemas, structSchema, type Value } from '../../../src/contract/index.ts';

/** A row as the suite writes it and reads it back: `amount` is an int64 on the way in. Where a target has no null, a missing field is null. */
export type SuiteRow = { readonly id: number; readonly name: string | null; readonly amount: number | null };

/** How rows come: in Debezium's envelope, or alone, as ExtractNewRecordState leaves them. */
export type RecordForm = 'enveloped' | 'unwrapped';

/** The era under which the records of a test begin. */
export const firstEra = 1;

/** What the rows of a topic are: an id, and what changes. */
const rowFields = [
  ['id', schemas.int32],
  ['name', schemas.optionalString],
  ['amount', schemas.optionalInt64],
] as const;

/** Makes the records of one topic with one partition, as the engine hands them to a sink: schemas are shared, versions rise with the offset. */
export class SuiteTopic {
  readonly topic: string;
  readonly form: RecordForm;
  readonly #keySchema: Schema;
  readonly #rowSchema: Schema;
  readonly #sourceSchema: Schema;
  readonly #envelopeSchema: Schema;
  #offset = 0n;
  #era = firstEra;

  constructor(topic: string, form: RecordForm) {
    this.topic = topic;
    this.form = form;
    this.#keySchema = structSchema([['id', schemas.int32]], { name: `${topic}.Key` });
    this.#rowSchema = structSchema(rowFields, { name: `${topic}.Value`, optional: true });
    this.#sourceSchema = structSchema(
      [
        ['connector', schemas.string],
        ['ts_ms', schemas.int64],
        ['table', schemas.string],
      ],
      { name: 'io.debezium.connector.postgresql.Source' },
    );
    this.#envelopeSchema = structSchema(
      [
        ['before', this.#rowSchema],
        ['after', this.#rowSchema],
        ['source', this.#sourceSchema],
        ['op', schemas.string],
        ['ts_ms', schemas.optionalInt64],
      ],
      { name: `${topic}.Envelope` },
    );
  }

  /** The offset of the next record. */
  get nextOffset(): bigint {
    return this.#offset;
  }

  get era(): number {
    return this.#era;
  }

  /** The topic is made again: offsets begin at 0 once more, under the next era. */
  makeAgain(): void {
    this.#era++;
    this.#offset = 0n;
  }

  /** A row as it is now. `before`: as it was, for an update. */
  upsert(row: SuiteRow, before: SuiteRow | null = null): SinkRecord {
    if (this.form === 'unwrapped') return this.#record(row.id, this.#rowSchema, this.#struct(row));
    return this.#record(row.id, this.#envelopeSchema, this.#envelope(before === null ? 'c' : 'u', before, row));
  }

  /** A row is gone: an envelope with `op` d, or, unwrapped, a tombstone. */
  delete(row: SuiteRow): SinkRecord {
    if (this.form === 'unwrapped') return this.tombstone(row.id);
    return this.#record(row.id, this.#envelopeSchema, this.#envelope('d', row, null));
  }

  tombstone(id: number): SinkRecord {
    return this.#record(id, null, null);
  }

  /** All rows are gone: as Debezium tells of a truncated table, without a key. Enveloped only. */
  truncate(): SinkRecord {
    return { ...this.#record(0, this.#envelopeSchema, this.#envelope('t', null, null)), keySchema: null, key: null };
  }

  #struct({ id, name, amount }: SuiteRow): Struct {
    return new Struct(this.#rowSchema, [id, name, amount === null ? null : BigInt(amount)]);
  }

  #envelope(op: string, before: SuiteRow | null, after: SuiteRow | null): Struct {
    const source = new Struct(this.#sourceSchema, ['postgresql', 1_700_000_000_000n, 'rows']);
    const row = (of: SuiteRow | null): Value => (of === null ? null : this.#struct(of));
    return new Struct(this.#envelopeSchema, [row(before), row(after), source, op, 1_700_000_000_001n]);
  }

  #record(id: number, valueSchema: Schema | null, value: Value): SinkRecord {
    const offset = this.#offset++;
    return {
      topic: this.topic,
      partition: 0,
      timestamp: 1_700_000_000_002,
      keySchema: this.#keySchema,
      key: new Struct(this.#keySchema, [id]),
      valueSchema,
      value,
      headers: [],
      place: { topic: this.topic, partition: 0, offset },
      version: recordVersion(this.#era, offset),
    };
  }
}
