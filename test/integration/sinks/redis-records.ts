import { recordVersion, type Schema, type SinkRecord, Struct, schemas, structSchema, type Value } from '../../../src/contract/index.ts';

/** A row of `users`: `bio` is a column that the database may leave out. */
export type UserRow = { readonly id: number; readonly email: string | null; readonly bio: string | null };

const keySchema = structSchema([['id', schemas.int32]], { name: 'srv.public.users.Key' });
const rowSchema = structSchema(
  [
    ['id', schemas.int32],
    ['email', schemas.optionalString],
    ['bio', schemas.optionalString],
  ],
  { name: 'srv.public.users.Value', optional: true },
);
const sourceSchema = structSchema([['table', schemas.string]], { name: 'source' });
const envelopeSchema = structSchema([
  ['before', rowSchema],
  ['after', rowSchema],
  ['source', sourceSchema],
  ['op', schemas.string],
]);

/** What Debezium writes where the database did not send a column. */
export const unavailable = '__debezium_unavailable_value';

/** The records of one partition, as the engine hands them to a sink. */
export class UserRecords {
  readonly topic: string;
  #offset = 0n;

  constructor(topic = 'srv.public.users') {
    this.topic = topic;
  }

  create(row: UserRow): SinkRecord {
    return this.#envelope(row.id, null, row, 'c');
  }

  update(row: UserRow, before: UserRow | null): SinkRecord {
    return this.#envelope(row.id, before, row, 'u');
  }

  delete(before: UserRow): SinkRecord {
    return this.#envelope(before.id, before, null, 'd');
  }

  tombstone(id: number): SinkRecord {
    return this.record(new Struct(keySchema, [id]), keySchema, null, null);
  }

  unwrapped(row: UserRow): SinkRecord {
    return this.record(new Struct(keySchema, [row.id]), keySchema, structOf(row), rowSchema);
  }

  truncate(): SinkRecord {
    return this.record(null, null, envelope(null, null, 't'), envelopeSchema);
  }

  /** Any record, at the next place. */
  record(key: Value, schemaOfKey: Schema | null, value: Value, valueSchema: Schema | null): SinkRecord {
    const offset = this.#offset++;
    return {
      topic: this.topic,
      partition: 0,
      timestamp: null,
      keySchema: schemaOfKey,
      key,
      valueSchema,
      value,
      headers: [],
      place: { topic: this.topic, partition: 0, offset },
      version: recordVersion(0, offset),
    };
  }

  #envelope(id: number, before: UserRow | null, after: UserRow | null, operation: string): SinkRecord {
    return this.record(new Struct(keySchema, [id]), keySchema, envelope(before, after, operation), envelopeSchema);
  }
}

function envelope(before: UserRow | null, after: UserRow | null, operation: string): Struct {
  const source = new Struct(sourceSchema, ['users']);
  return new Struct(envelopeSchema, [before && structOf(before), after && structOf(after), source, operation]);
}

function structOf({ id, email, bio }: UserRow): Struct {
  return new Struct(rowSchema, [id, email, bio]);
}
