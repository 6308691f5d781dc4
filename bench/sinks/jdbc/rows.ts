import { JsonConverter } from '../../../src/converters/json/json-converter.ts';
import { benchRecord } from '../records.ts';

export const rows = Number(process.env['BENCH_ROWS'] ?? 60_000);
export const batchSize = 2_000;

export const columns = 'id, customer, name, email, amount, paid, created, note';

export const tableOf = (
  name: string,
) => `create table ${name} (id bigint primary key, customer int, name text, email text, amount numeric(12,2),
  paid boolean, created timestamp(6), note text)`;

/** As the bare client writes them: one array a column, new values where the row is there. */
export const upsertInto = (name: string) => `insert into ${name} (${columns})
  select * from unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::numeric[], $6::boolean[], $7::timestamp[], $8::text[])
  on conflict (id) do update set customer = excluded.customer, name = excluded.name, email = excluded.email, amount = excluded.amount,
    paid = excluded.paid, created = excluded.created, note = excluded.note`;

const instantText = (ms: number) => new Date(ms).toISOString().replace('T', ' ').replace('Z', '');

/** A batch as a user of the client may hold it, column by column, in the form that the client sends. */
export function plainColumns(first: number): unknown[][] {
  const at = Array.from({ length: batchSize }, (_, index) => first + index);
  return [
    at,
    at.map(id => id % 1000),
    at.map(id => `Customer number ${id % 1000}`),
    at.map(id => `customer${id}@example.com`),
    at.map(id => (1234.56 + id).toFixed(2)),
    at.map(id => id % 2 === 0),
    at.map(id => instantText(1_700_000_000_000 + id)),
    at.map(() => 'The quick brown fox jumps over the lazy dog, again and again and again.'),
  ];
}

export const jsonConverter = () =>
  new JsonConverter({ schemasEnable: true, schemasCacheSize: 1000, decimalFormat: 'base64', replaceNullWithDefault: true });

/** A record as it lies in a log: Connect's JSON with schemas, as every sink of Debezium's needs it. */
export type Message = { readonly offset: number; readonly key: Uint8Array; readonly value: Uint8Array };

export function messages(topic: string, first: number): readonly Message[] {
  const converter = jsonConverter();
  return Array.from({ length: batchSize }, (_, index) => {
    const record = benchRecord(topic, first + index);
    const key = converter.serialize(topic, record.keySchema, record.key)!;
    return { offset: first + index, key, value: converter.serialize(topic, record.valueSchema, record.value)! };
  });
}

type PlainRow = {
  readonly id: number;
  readonly customer: number;
  readonly name: string;
  readonly email: string;
  readonly amount: string;
  readonly paid: boolean;
  readonly created: number;
  readonly note: string;
};

/** What a message says: the row by its key; null where it was deleted. */
export function readPlainly({ key, value }: Message): { readonly id: number; readonly row: PlainRow | null } {
  const { id }: { id: number } = JSON.parse(Buffer.from(key).toString()).payload;
  const { op, after }: { op: string; after: PlainRow | null } = JSON.parse(Buffer.from(value).toString()).payload;
  return { id, row: op === 'd' ? null : after };
}

/** Rows of messages, column by column. */
export function columnsOf(all: readonly PlainRow[]): unknown[][] {
  return [
    all.map(({ id }) => id),
    all.map(({ customer }) => customer),
    all.map(({ name }) => name),
    all.map(({ email }) => email),
    all.map(({ amount }) => (Number(BigInt(`0x${Buffer.from(amount, 'base64').toString('hex')}`)) / 100).toFixed(2)),
    all.map(({ paid }) => paid),
    all.map(({ created }) => instantText(created / 1000)),
    all.map(({ note }) => note),
  ];
}
