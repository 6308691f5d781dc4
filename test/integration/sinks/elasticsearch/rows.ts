import {
  recordVersion,
  type Schema,
  type SinkBatch,
  type SinkRecord,
  Struct,
  schemas,
  structSchema,
  type Value,
} from '../../../../src/contract/index.ts';

let topics = 0;

/** What stands for a column that the database did not send. */
export const unsent = '__debezium_unavailable_value';

/** Makes the records of one table with the key `id`, in Debezium's envelope, as the engine hands them to a sink. */
export class Rows {
  readonly topic: string;
  readonly schema: Schema;
  readonly #key: Schema;
  readonly #source: Schema;
  readonly #envelope: Schema;
  #offset = 0n;

  constructor(fields: readonly (readonly [string, Schema])[], topic = `es${process.pid}_${++topics}`) {
    this.topic = topic;
    this.#key = structSchema([['id', schemas.int32]], { name: `${topic}.Key` });
    this.schema = structSchema([['id', schemas.int32], ...fields], { name: `${topic}.Value`, optional: true });
    this.#source = structSchema([['table', schemas.string]], { name: 'io.debezium.connector.postgresql.Source' });
    this.#envelope = structSchema(
      [
        ['before', this.schema],
        ['after', this.schema],
        ['source', this.#source],
        ['op', schemas.string],
      ],
      { name: `${topic}.Envelope` },
    );
  }

  /** The next offset is this one: as if records had come in between that were not for us. */
  skipTo(offset: bigint): void {
    this.#offset = offset;
  }

  upsert(id: number, values: readonly Value[], before: readonly Value[] | null = null): SinkRecord {
    return this.#record(id, this.#envelope, this.#change(before === null ? 'c' : 'u', before && [id, ...before], [id, ...values]));
  }

  delete(id: number, before: readonly Value[] | null = null): SinkRecord {
    return this.#record(id, this.#envelope, this.#change('d', before && [id, ...before], null));
  }

  tombstone(id: number): SinkRecord {
    return this.#record(id, null, null);
  }

  /** A record of any value, with the table's key. */
  other(id: number, valueSchema: Schema | null, value: Value): SinkRecord {
    return this.#record(id, valueSchema, value);
  }

  #change(op: string, before: readonly Value[] | null, after: readonly Value[] | null): Struct {
    const row = (values: readonly Value[] | null) => (values === null ? null : new Struct(this.schema, values));
    return new Struct(this.#envelope, [row(before), row(after), new Struct(this.#source, ['Orders']), op]);
  }

  #record(id: number, valueSchema: Schema | null, value: Value): SinkRecord {
    const offset = this.#offset++;
    return {
      topic: this.topic,
      partition: 0,
      timestamp: 1_700_000_000_000,
      keySchema: this.#key,
      key: new Struct(this.#key, [id]),
      valueSchema,
      value,
      headers: [],
      place: { topic: this.topic, partition: 0, offset },
      version: recordVersion(1, offset),
    };
  }
}

/** A batch of the live flow. */
export function live(...records: readonly SinkRecord[]): SinkBatch {
  return { records, mode: 'live', consumed: null };
}

/** A batch sent again beside it. */
export function replayed(...records: readonly SinkRecord[]): SinkBatch {
  return { records, mode: 'replay', consumed: null };
}

/** Nobody aborts. */
export const never = new AbortController().signal;
