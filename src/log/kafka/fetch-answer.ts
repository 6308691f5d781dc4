import type { Reader } from './client.ts';

/** What a broker answered for one partition; its records are still as they lie in the log: see `storedBatches`. */
export type PartitionAnswer = {
  readonly partition: number;
  readonly errorCode: number;
  readonly lastStableOffset: bigint;
  /** Transactions that were aborted, whose records may be among these. */
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
  readonly records: Buffer | null;
};

/** An answer to Fetch; `topic` is the name, or from version 13 on the id. */
export type FetchAnswer = {
  readonly errorCode: number;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly PartitionAnswer[] }[];
};

const firstVersionWithErrorCode = 7;
const firstVersionWithReadReplica = 11;
const firstVersionWithLogStart = 5;
/** From here on lengths are of variable length, and tagged fields may follow. */
export const firstFlexibleVersion = 12;
/** From here on topics go by their ids. */
export const firstVersionById = 13;

/**
 * Reads an answer of versions 4 to 17 (https://kafka.apache.org/protocol#The_Messages_Fetch). The records are not decoded with it: they are as many bytes as they
 * were on the wire for as long as nobody asks for them, where objects for each of them would outlive the young generation.
 */
export function readFetchAnswer(version: number, answer: Reader): FetchAnswer {
  const flexible = version >= firstFlexibleVersion;
  const readPartition = (reader: Reader): PartitionAnswer => {
    const partition = reader.readInt32();
    const errorCode = reader.readInt16();
    reader.skip(8); // the high watermark
    const lastStableOffset = reader.readInt64();
    if (version >= firstVersionWithLogStart) reader.skip(8);
    const readAborted = () => ({ producerId: reader.readInt64(), firstOffset: reader.readInt64() });
    const aborted = reader.readNullableArray(readAborted, flexible, flexible) ?? [];
    if (version >= firstVersionWithReadReplica) reader.skip(4);
    const length = flexible ? reader.readUnsignedVarInt() - 1 : reader.readInt32();
    let records: Buffer | null = null;
    if (length > 0) {
      records = reader.buffer.slice(reader.position, reader.position + length);
      reader.skip(length);
    }
    return { partition, errorCode, lastStableOffset, aborted, records };
  };
  answer.skip(4); // how long the broker throttled
  let errorCode = 0;
  if (version >= firstVersionWithErrorCode) {
    errorCode = answer.readInt16();
    answer.skip(4); // the session, of which there is none
  }
  const readTopic = (reader: Reader) => ({
    topic: version >= firstVersionById ? reader.readUUID() : reader.readString(flexible),
    partitions: reader.readArray(readPartition, flexible, flexible),
  });
  return { errorCode, topics: answer.readArray(readTopic, flexible, flexible) };
}
