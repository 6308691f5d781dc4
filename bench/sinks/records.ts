import { recordVersion, type SinkRecord, Struct, schemaOf, schemas, structSchema } from '../../src/contract/index.ts';

const decimal = schemaOf('bytes', { name: schemas.connectDecimal, version: 1, parameters: { scale: '2' } });
const instant = schemaOf('int64', { name: 'io.debezium.time.MicroTimestamp', version: 1 });
const keySchema = structSchema([['id', schemas.int64]], { name: 'bench.orders.Key' });
const rowSchema = structSchema(
  [
    ['id', schemas.int64],
    ['customer', schemas.int32],
    ['name', schemas.string],
    ['email', schemas.string],
    ['amount', decimal],
    ['paid', schemas.boolean],
    ['created', instant],
    ['note', schemas.optionalString],
  ],
  { name: 'bench.orders.Value', optional: true },
);
const sourceSchema = structSchema(
  [
    ['version', schemas.string],
    ['connector', schemas.string],
    ['name', schemas.string],
    ['ts_ms', schemas.int64],
    ['snapshot', schemas.optionalString],
    ['db', schemas.string],
    ['schema', schemas.string],
    ['table', schemas.string],
    ['txId', schemas.optionalInt64],
    ['lsn', schemas.optionalInt64],
  ],
  { name: 'io.debezium.connector.postgresql.Source' },
);
const envelopeSchema = structSchema(
  [
    ['before', rowSchema],
    ['after', rowSchema],
    ['source', sourceSchema],
    ['op', schemas.string],
    ['ts_ms', schemas.optionalInt64],
  ],
  { name: 'bench.orders.Envelope' },
);

function unscaled(value: number): Uint8Array {
  const bytes = Buffer.alloc(6);
  bytes.writeIntBE(value, 0, 6);
  return bytes;
}

/** A new row of an orders table in Debezium's envelope, as the engine hands it to a sink: a row of ten columns or so, 250 bytes as JSON. */
export function benchRecord(topic: string, position: number): SinkRecord {
  const id = BigInt(position);
  const row = new Struct(rowSchema, [
    id,
    position % 1000,
    `Customer number ${position % 1000}`,
    `customer${position}@example.com`,
    unscaled(123_456 + position * 100),
    position % 2 === 0,
    BigInt(1_700_000_000_000 + position) * 1000n,
    'The quick brown fox jumps over the lazy dog, again and again and again.',
  ]);
  const source = new Struct(sourceSchema, ['3.6.1', 'postgresql', 'bench', 1_700_000_000_000n, null, 'shop', 'public', 'orders', 7n, id]);
  return {
    topic,
    partition: 0,
    timestamp: 1_700_000_000_000,
    keySchema,
    key: new Struct(keySchema, [id]),
    valueSchema: envelopeSchema,
    value: new Struct(envelopeSchema, [null, row, source, 'c', 1_700_000_000_001n]),
    headers: [],
    place: { topic, partition: 0, offset: id },
    version: recordVersion(1, id),
  };
}
