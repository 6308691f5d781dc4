import {
  type ConnectRecord,
  configSpec,
  type Header,
  type Plugin,
  SluiceError,
  type Struct,
  schemas,
  type Transform,
} from '../src/contract/index.ts';
import { envelopeOf, layoutOf, operations, structAt, textAt, transformFailed } from './debezium/envelope.ts';
import { perSchema } from './records/schema-cache.ts';

/** SagaMessageRouter: rows inserted into the table of a saga store's messages become those messages. See docs/sagas.md. */
export const sagaMessageRouter: Plugin<unknown, Transform> = {
  spec: configSpec({
    doc:
      'Makes the message of each row that is inserted into the table `messages` of sagas that are kept in PostgreSQL: topic, key, value and headers, to the byte ' +
      '(with ByteArrayConverter for keys, values and headers). Other changes and tombstones are dropped, records without an envelope pass.',
    options: {},
  }),
  create: () => record => {
    try {
      return route(record);
    } catch (error) {
      throw error instanceof SluiceError ? error : transformFailed('SagaMessageRouter', record, (error as Error).message, error);
    }
  },
};

const columns = ['topic', 'message_key', 'message_value', 'headers', 'timestamp_ms'] as const;

/** Compiled once a schema. Throws an Error that names the first column that is not there. */
const placesOf = perSchema(schema => {
  const place = (column: string) => {
    const index = schema.indexOf(column);
    if (index < 0) throw new Error(`the table has no column '${column}', so it holds no messages of sagas`);
    return index;
  };
  return Object.fromEntries(columns.map(column => [column, place(column)])) as Readonly<Record<(typeof columns)[number], number>>;
});

function route<R extends ConnectRecord>(record: R): R | null {
  if (record.value === null) return null;
  const envelope = envelopeOf(record);
  if (envelope === null) return record;
  const layout = layoutOf(envelope.schema);
  const op = textAt(envelope, layout.op);
  if (op !== operations.create && op !== operations.read) return null;
  const row = structAt(envelope, layout.after);
  if (row === null) throw new Error(`a change of operation '${op}' has no row`);
  const places = placesOf(row.schema);
  const topic = textAt(row, places.topic);
  if (topic === null) throw new Error("column 'topic' is no text, or null");
  return {
    ...record,
    topic,
    timestamp: timestampAt(row, places.timestamp_ms),
    keySchema: schemas.optionalBytes,
    key: bytesAt(row, places.message_key, 'message_key'),
    valueSchema: schemas.optionalBytes,
    value: bytesAt(row, places.message_value, 'message_value'),
    headers: headersOf(textAt(row, places.headers)),
  };
}

function bytesAt(row: Struct, index: number, column: string): Uint8Array | null {
  const value = row.values[index] ?? null;
  if (value === null || value instanceof Uint8Array) return value;
  throw new Error(`column '${column}' is no bytea`);
}

/** null: the log's time of append. */
function timestampAt(row: Struct, index: number): number | null {
  const value = row.values[index] ?? null;
  if (value === null) return null;
  if (typeof value !== 'bigint') throw new Error("column 'timestamp_ms' is no bigint");
  return Number(value);
}

/** `[[name, value in base64 or null], ...]`. */
function headersOf(text: string | null): readonly Header[] {
  const fault = () => new Error("column 'headers' is no list of names and values in base64");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text ?? '');
  } catch {
    throw fault();
  }
  if (!Array.isArray(parsed)) throw fault();
  return parsed.map((pair: unknown): Header => {
    if (!Array.isArray(pair) || pair.length !== 2) throw fault();
    const [key, value] = pair as readonly unknown[];
    if (typeof key !== 'string' || (value !== null && typeof value !== 'string')) throw fault();
    return { key, schema: schemas.optionalBytes, value: value === null ? null : Buffer.from(value, 'base64') };
  });
}
