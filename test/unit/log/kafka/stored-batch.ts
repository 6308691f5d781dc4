import { encodeHeaders, RecordBatch } from '../../../../src/log/kafka/record-batch.ts';

type Given = {
  readonly firstOffset: number;
  readonly records: readonly { readonly key?: Uint8Array | null; readonly value?: Uint8Array | null; readonly timestampMs?: number }[];
  readonly producerId?: number;
  readonly attributes?: number;
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** Of a batch that compaction has emptied or thinned out: the offset of the last record there was. */
  readonly lastOffset?: number;
};

/** A batch as a broker keeps it. */
export function storedBatch({ firstOffset, records, producerId = -1, attributes = 0, compression = 'none', lastOffset }: Given): Buffer {
  const batch = new RecordBatch(64 << 20);
  for (const { key = null, value = null, timestampMs = 0 } of records) {
    const source = Buffer.concat([key ?? Buffer.alloc(0), value ?? Buffer.alloc(0)]);
    batch.add(timestampMs, source, 0, key?.length ?? -1, value?.length ?? -1, encodeHeaders([]));
  }
  const bytes = Buffer.from(batch.finish({ id: BigInt(producerId), epoch: 0, transactional: false }, 0, compression));
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  bytes.writeInt16BE(bytes.readInt16BE(21) | attributes, 21);
  if (lastOffset !== undefined) bytes.writeInt32BE(lastOffset - firstOffset, 23);
  return bytes;
}
