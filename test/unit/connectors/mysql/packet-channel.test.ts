import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacketChannel } from '../../../../connectors/mysql/packet-channel.ts';

function packet(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([header, payload]);
}

const payload = fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ minLength: 100, maxLength: 9_000 }));
const payloads = fc.array(payload, { minLength: 1, maxLength: 12 });
/** Sizes of the pieces in which they come, over and over. */
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 50, max: 12_000 })), { minLength: 1, maxLength: 6 });

test('packets are whole and in order, wherever they are cut', async () => {
  await fc.assert(
    fc.asyncProperty(payloads, sizes, async (sent, pieceSizes) => {
      const socket = new Socket();
      const channel = new PacketChannel(socket);
      const bytes = Buffer.concat(sent.map(packet));
      const views: Buffer[] = [];
      for (let at = 0, index = 0; at < bytes.length; index++) {
        const size = pieceSizes[index % pieceSizes.length]!;
        socket.push(Buffer.from(bytes.subarray(at, at + size)));
        at += size;
        await channel.next((piece, start, end) => void views.push(piece.subarray(start, end)));
      }
      // Looked at only now: what was handed over must stay as it was.
      assert.deepEqual(
        views.map(view => view.toString('hex')),
        sent.map(each => Buffer.from(each).toString('hex')),
      );
      socket.destroy();
    }),
    { numRuns: 200 },
  );
});
