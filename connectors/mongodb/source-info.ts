import { type Schema, Struct, schemas, structSchema } from '../../src/contract/index.ts';
import { debeziumVersion } from '../../src/version.ts';
import type { Instant } from '../debezium/envelope.ts';
import type { NameAdjuster } from '../debezium/name-adjustment.ts';
import { markerValue, type SnapshotMarker, snapshotMarkerSchema } from '../debezium/snapshot-marker.ts';
import type { CollectionId } from './collection-id.ts';
import type { StreamPosition } from './position.ts';

/** The `source` block of MongoDB's records (MongoDbSourceInfoStructMaker). */
function sourceSchemaOf(adjust: NameAdjuster): Schema {
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
      ['collection', schemas.string],
      ['ord', schemas.int32],
      ['lsid', schemas.optionalString],
      ['txnNumber', schemas.optionalInt64],
      ['wallTime', schemas.optionalInt64],
    ],
    { name: adjust('io.debezium.connector.mongo.Source'), version: 1 },
  );
}

/** What the source block of a streamed change tells. */
export type ChangeOrigin = {
  /** Seconds since 1970 and the number within that second. */
  readonly clusterTime: { readonly seconds: number; readonly increment: number } | null;
  readonly wallTimeMs: bigint | null;
  /** The session's id as JSON, and the transaction's number in it; null: no transaction of several documents. */
  readonly lsid: string | null;
  readonly txnNumber: bigint | null;
};

/** Makes the `source` blocks of a task. */
export class SourceInfo {
  readonly schema: Schema;
  readonly #name: string;

  /** `name` is `topic.prefix`. */
  constructor(name: string, adjust: NameAdjuster) {
    this.#name = name;
    this.schema = sourceSchemaOf(adjust);
  }

  /** Of a document that a snapshot reads. */
  read({ database, collection }: CollectionId, marker: SnapshotMarker, { ms, us, ns }: Instant): Struct {
    return this.#struct(ms, us, ns, marker, database, collection, -1, null, null, null);
  }

  /** Of a document of an incremental snapshot: the place of the stream that it is published at, with the time of that where it has one. */
  incremental({ database, collection }: CollectionId, { clusterTime, lsid, txnNumber }: StreamPosition, { ms, us, ns }: Instant): Struct {
    const number = lsid === null ? null : txnNumber;
    if (clusterTime === null) return this.#struct(ms, us, ns, 'incremental', database, collection, -1, lsid, number, null);
    const s = BigInt(clusterTime.seconds);
    const ord = clusterTime.increment | 0;
    return this.#struct(s * 1_000n, s * 1_000_000n, s * 1_000_000_000n, 'incremental', database, collection, ord, lsid, number, null);
  }

  /** Of a change. A server before 6.0 tells no wall time: its cluster time stands for it. */
  change({ database, collection }: CollectionId, { clusterTime, wallTimeMs, lsid, txnNumber }: ChangeOrigin): Struct {
    const ms = wallTimeMs ?? BigInt(clusterTime?.seconds ?? 0) * 1000n;
    const session = lsid === null || txnNumber === null ? null : lsid;
    const ord = clusterTime === null ? -1 : clusterTime.increment | 0;
    const number = session === null ? null : txnNumber;
    return this.#struct(ms, ms * 1_000n, ms * 1_000_000n, 'false', database, collection, ord, session, number, wallTimeMs);
  }

  #struct(
    ms: bigint,
    us: bigint,
    ns: bigint,
    marker: SnapshotMarker,
    database: string,
    collection: string,
    ord: number,
    lsid: string | null,
    txnNumber: bigint | null,
    wallTimeMs: bigint | null,
  ): Struct {
    const head = [debeziumVersion, 'mongodb', this.#name, ms, markerValue(marker), database, null, us, ns];
    return new Struct(this.schema, [...head, collection, ord, lsid, txnNumber, wallTimeMs]);
  }
}
