import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Reader, Writer } from '@platformatic/kafka';
import { readFetchAnswer } from '../../../../src/log/kafka/fetch-answer.ts';

const topicId = '0f8fad5b-d9cb-469f-a165-70867728950e';

/** A broker's answer, field by field as https://kafka.apache.org/protocol#The_Messages_Fetch has it for the version. */
function answerOf(version: number, errorCode: number): Buffer {
  const flexible = version >= 12;
  const writer = Writer.create().appendInt32(100);
  if (version >= 7) writer.appendInt16(errorCode).appendInt32(0);
  const partitions = [
    { partition: 3, errorCode: 0, lastStable: 17n, aborted: [[5n, 12n] as const, [6n, 13n] as const], records: Buffer.from('batches') },
    { partition: 4, errorCode: 6, lastStable: -1n, aborted: null, records: null },
    { partition: 5, errorCode: 0, lastStable: 8n, aborted: [], records: Buffer.alloc(0) },
  ];
  writer.appendArray(
    [topicId],
    (topicWriter, id) => {
      if (version >= 13) topicWriter.appendUUID(id);
      else topicWriter.appendString('orders', flexible);
      topicWriter.appendArray(
        partitions,
        (w, { partition, errorCode: code, lastStable, aborted, records }) => {
          w.appendInt32(partition).appendInt16(code).appendInt64(99n).appendInt64(lastStable);
          if (version >= 5) w.appendInt64(0n);
          const add = (to: Writer, [producer, first]: readonly [bigint, bigint]) => {
            to.appendInt64(producer).appendInt64(first);
          };
          w.appendArray(aborted, add, flexible, flexible);
          if (version >= 11) w.appendInt32(-1);
          if (flexible) w.appendUnsignedVarInt(records === null ? 0 : records.length + 1);
          else w.appendInt32(records?.length ?? -1);
          if (records !== null) w.append(records);
          // The current leader, as brokers add it where they are no longer it.
          if (flexible) w.appendUnsignedVarInt(1).appendUnsignedVarInt(1).appendUnsignedVarInt(8).appendInt32(2).appendInt32(9);
        },
        flexible,
        false,
      );
    },
    flexible,
    flexible,
  );
  if (flexible) writer.appendTaggedFields();
  return writer.dynamicBuffer.buffer;
}

describe('an answer to Fetch is read in each version that is asked for', () => {
  for (let version = 4; version <= 17; version++)
    test(`version ${version}`, () => {
      const partitions = [
        {
          partition: 3,
          errorCode: 0,
          lastStableOffset: 17n,
          aborted: [
            { producerId: 5n, firstOffset: 12n },
            { producerId: 6n, firstOffset: 13n },
          ],
          records: Buffer.from('batches'),
        },
        { partition: 4, errorCode: 6, lastStableOffset: -1n, aborted: [], records: null },
        { partition: 5, errorCode: 0, lastStableOffset: 8n, aborted: [], records: null },
      ];
      const topic = version >= 13 ? topicId : 'orders';
      assert.deepEqual(readFetchAnswer(version, Reader.from(answerOf(version, 0))), { errorCode: 0, topics: [{ topic, partitions }] });
      if (version >= 7) assert.equal(readFetchAnswer(version, Reader.from(answerOf(version, 70))).errorCode, 70);
    });
});
