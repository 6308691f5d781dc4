import { type Schema, schemas, structSchema } from '../../src/contract/index.ts';

/** What happened to a row: Debezium's codes of the `op` field. */
export type Operation = 'r' | 'c' | 'u' | 'd' | 't' | 'm';

/** A moment in the three units a record tells it in. */
export type Instant = { readonly ms: bigint; readonly us: bigint; readonly ns: bigint };

/** A moment from nanoseconds since 1970. Make one for every batch that is read, not for every record. */
export function instantOf(ns: bigint): Instant {
  return { ms: ns / 1_000_000n, us: ns / 1_000n, ns };
}

/** The `transaction` field of an envelope. */
export const transactionBlockSchema: Schema = structSchema(
  [
    ['id', schemas.string],
    ['total_order', schemas.int64],
    ['data_collection_order', schemas.int64],
  ],
  { name: 'event.block', version: 1, optional: true },
);

/** The schema of a table's change events. `name` is adjusted already and ends in `.Envelope`. */
export function envelopeSchema(name: string, row: Schema, source: Schema): Schema {
  return structSchema(
    [
      ['before', row],
      ['after', row],
      ['source', source],
      ['transaction', transactionBlockSchema],
      ['op', schemas.string],
      ['ts_ms', schemas.optionalInt64],
      ['ts_us', schemas.optionalInt64],
      ['ts_ns', schemas.optionalInt64],
    ],
    { name, version: 2 },
  );
}
