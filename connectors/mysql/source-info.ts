import { type Schema, Struct, schemas, structSchema } from '../../src/contract/index.ts';
import { debeziumVersion } from '../../src/version.ts';
import { markerValue, type SnapshotMarker, snapshotMarkerSchema } from '../debezium/snapshot-marker.ts';
import type { MysqlFlavor } from './binlog/dump.ts';

/** The `source` block of MySQL's and MariaDB's records (Debezium's BinlogSourceInfoStructMaker). */
export function sourceSchema(flavor: MysqlFlavor): Schema {
  return structSchema(
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
      ['table', schemas.optionalString],
      ['server_id', schemas.int64],
      ['gtid', schemas.optionalString],
      ['file', schemas.string],
      ['pos', schemas.int64],
      ['row', schemas.int32],
      ['thread', schemas.optionalInt64],
      ['query', schemas.optionalString],
    ],
    { name: `io.debezium.connector.${flavor}.Source`, version: 1 },
  );
}

/** What all records of one transaction, or of one snapshot, share. */
export type SourceSpan = {
  /** Nanoseconds since 1970: of the commit where the server tells it, of the statement else; of the snapshot. */
  readonly timestampNs: bigint;
  readonly gtid: string | null;
  /** The client's connection; null: not told. */
  readonly threadId: number | null;
};

/** Where in the binlog a change stands. */
export type SourcePlace = {
  readonly file: string;
  /** Where its event begins. */
  readonly position: number;
  /** Of the server that wrote it first; 0 in a snapshot. */
  readonly serverId: number;
};

/** Makes the `source` blocks of a task. `enter` a transaction or a snapshot once, `at` an event; each record then costs one struct. */
export class SourceInfo {
  readonly schema: Schema;
  readonly #connector: string;
  readonly #name: string;
  #timestampMs = 0n;
  #timestampUs = 0n;
  #timestampNs = 0n;
  #gtid: string | null = null;
  #threadId: bigint | null = null;
  #file = '';
  #position = 0n;
  #serverId = 0n;
  /** The original statement (`include.query`). */
  query: string | null = null;

  /** `name` is `topic.prefix`. `schema`: of another one for the same task; left out: one of its own. */
  constructor(flavor: MysqlFlavor, name: string, schema: Schema = sourceSchema(flavor)) {
    this.schema = schema;
    this.#connector = flavor;
    this.#name = name;
  }

  enter({ timestampNs, gtid, threadId }: SourceSpan): void {
    this.#timestampMs = timestampNs / 1_000_000n;
    this.#timestampUs = timestampNs / 1_000n;
    this.#timestampNs = timestampNs;
    this.#gtid = gtid;
    this.#threadId = threadId === null ? null : BigInt(threadId);
    this.query = null;
  }

  at({ file, position, serverId }: SourcePlace): void {
    this.#file = file;
    this.#position = BigInt(position);
    this.#serverId = BigInt(serverId);
  }

  /** `row`: the change's place in its event. `table`: null where it is about none. */
  make(database: string, table: string | null, row: number, marker: SnapshotMarker = 'false'): Struct {
    return new Struct(this.schema, [
      debeziumVersion,
      this.#connector,
      this.#name,
      this.#timestampMs,
      markerValue(marker),
      database,
      null,
      this.#timestampUs,
      this.#timestampNs,
      table,
      this.#serverId,
      this.#gtid,
      this.#file,
      this.#position,
      row,
      this.#threadId,
      this.query,
    ]);
  }
}
