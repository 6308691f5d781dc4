import { type Schema, Struct, schemas, structSchema } from '../../src/contract/index.ts';
import { debeziumVersion } from '../../src/version.ts';
import { markerValue, type SnapshotMarker, snapshotMarkerSchema } from '../debezium/snapshot-marker.ts';
import type { TableId } from '../debezium/table.ts';

/** The `source` block of PostgreSQL's records. */
export const sourceSchema: Schema = structSchema(
  [
    ['version', schemas.string],
    ['connector', schemas.string],
    ['name', schemas.string],
    ['ts_ms', schemas.int64],
    ['snapshot', snapshotMarkerSchema],
    ['db', schemas.string],
    ['sequence', schemas.optionalString],
    ['ts_us', schemas.optionalInt64],
    ['ts_ns', schemas.optionalInt64],
    ['schema', schemas.string],
    ['table', schemas.string],
    ['txId', schemas.optionalInt64],
    ['lsn', schemas.optionalInt64],
    ['xmin', schemas.optionalInt64],
    ['origin', schemas.optionalString],
    ['origin_lsn', schemas.optionalInt64],
  ],
  { name: 'io.debezium.connector.postgresql.Source', version: 1 },
);

/** What all records of one transaction, or of one snapshot, share. */
export type SourceSpan = {
  /** Microseconds since 1970: of the commit, or of the snapshot. */
  readonly timestampUs: bigint;
  /** null: outside a transaction. */
  readonly txId: bigint | null;
  /** End of the last transaction read before; null before the first one. */
  readonly lastCommitLsn: bigint | null;
  /** Of the slot, where `xmin.fetch.interval.ms` asks for it. */
  readonly xmin: bigint | null;
  /** The replication origin, of a transaction that came from another server. */
  readonly origin: string | null;
  readonly originLsn: bigint | null;
};

/**
 * Makes the `source` blocks of a task. `enter` a transaction or a snapshot once; each record then costs one struct.
 */
export class SourceInfo {
  readonly #name: string;
  readonly #database: string;
  #span: SourceSpan = { timestampUs: 0n, txId: null, lastCommitLsn: null, xmin: null, origin: null, originLsn: null };
  #timestampMs = 0n;
  #timestampNs = 0n;
  #sequenceHead = '[null,"';

  /** `name` is `topic.prefix`. */
  constructor(name: string, database: string) {
    this.#name = name;
    this.#database = database;
  }

  enter(span: SourceSpan): void {
    this.#span = span;
    this.#timestampMs = span.timestampUs / 1000n;
    this.#timestampNs = span.timestampUs * 1000n;
    this.#sequenceHead = span.lastCommitLsn === null ? '[null,"' : `["${span.lastCommitLsn}","`;
  }

  /** `table`: null for a logical decoding message. `lsn`: of the change; of the snapshot, for its rows. */
  make(table: TableId | null, lsn: bigint, marker: SnapshotMarker = 'false'): Struct {
    const span = this.#span;
    const shown = marker !== 'incremental';
    return new Struct(sourceSchema, [
      debeziumVersion,
      'postgresql',
      this.#name,
      this.#timestampMs,
      markerValue(marker),
      this.#database,
      `${this.#sequenceHead}${lsn}"]`,
      span.timestampUs,
      this.#timestampNs,
      table === null ? '' : table.schema,
      table === null ? '' : table.table,
      shown ? span.txId : null,
      shown ? lsn : null,
      shown ? span.xmin : null,
      span.origin,
      span.originLsn,
    ]);
  }
}
