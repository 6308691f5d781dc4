import type { LogRecord } from '../../contract/index.ts';
import type { RecordsBatch } from './client.ts';
import type { PartitionAnswer } from './fetch.ts';
import type { Reading } from './read-partitions.ts';

const controlFlag = 0x20;
const transactionalFlag = 0x10;
const logAppendTimeFlag = 0x08;
const abortMarker = 0;

/**
 * The committed records of one partition's answer, from the reader's position to its end; moves the position behind what was read. An aborted
 * transaction's records are dropped by its producer from the offset where it began to its abort marker, as Kafka's own consumer does.
 */
export function committedRecords(reading: Reading, partition: PartitionAnswer): LogRecord[] {
  const aborted = [...(partition.abortedTransactions ?? [])].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const aborting = new Set<bigint>();
  const found: LogRecord[] = [];
  for (const batch of partition.records ?? []) {
    const lastOffset = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    while (aborted.length > 0 && aborted[0]!.firstOffset <= lastOffset) aborting.add(aborted.shift()!.producerId);
    if (batch.attributes & controlFlag) {
      if (isAbort(batch)) aborting.delete(batch.producerId);
    } else if (!(batch.attributes & transactionalFlag) || !aborting.has(batch.producerId)) {
      for (const record of batch.records) {
        const offset = batch.firstOffset + BigInt(record.offsetDelta);
        if (offset < reading.position || (reading.end !== null && offset >= reading.end)) continue;
        found.push({
          topic: reading.topic,
          partition: reading.partition,
          offset,
          timestampMs: Number(batch.attributes & logAppendTimeFlag ? batch.maxTimestamp : batch.firstTimestamp + record.timestampDelta),
          key: record.key,
          value: record.value,
          headers: record.headers.map(([key, value]) => ({ key: String(key), value })),
        });
      }
    }
    // Never beyond the end: what was appended behind it after it was asked for is left to the next reading, which begins there.
    const next = reading.end !== null && lastOffset >= reading.end ? reading.end : lastOffset + 1n;
    if (next > reading.position) reading.position = next;
  }
  return found;
}

/** A control record's key is its version and its type. */
function isAbort(batch: RecordsBatch): boolean {
  const key = batch.records[0]?.key;
  return key !== null && key !== undefined && key.readInt16BE(2) === abortMarker;
}
