import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SluiceError } from '../../../src/contract/index.ts';
import { samples } from './connect-samples.ts';

// What Kafka Connect 4.1.1's own converters, on Java 17, made of the samples: name, then the bytes in base64, `null` or `error`.
const recorded: ReadonlyMap<string, string> = new Map(
  readFileSync(new URL('./connect-4.1.1.tsv', import.meta.url), 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => line.split('\t') as [string, string]),
);

/**
 * Bytes in samples for StringConverter, by their length. The recording had them as arrays, which Java writes as an object's identity
 * (`[B@1b6d3586`); Debezium has them as buffers.
 */
const bufferLengths: ReadonlyMap<string, number> = new Map([
  ['string bytes', 3],
  ['string struct', 4],
]);

/** The recorded text, with buffers in place of arrays. */
function withBuffers(name: string, text: string): string {
  const length = bufferLengths.get(name);
  return length === undefined ? text : text.replace(/\[B@[0-9a-f]+/g, `java.nio.HeapByteBuffer[pos=0 lim=${length} cap=${length}]`);
}

function outcome(serialize: () => Uint8Array | null): string {
  try {
    const bytes = serialize();
    return bytes === null ? 'null' : Buffer.from(bytes).toString();
  } catch (error) {
    assert.ok(error instanceof SluiceError && error.code === 'CONVERSION_FAILED', String(error));
    return 'error';
  }
}

test('every recorded sample is tried', () => {
  assert.deepEqual(samples.map(({ name }) => name).toSorted(), [...recorded.keys()].toSorted());
});

for (const { name, serialize } of samples) {
  test(`byte for byte as Connect: ${name}`, () => {
    const expected = recorded.get(name)!;
    const text = expected === 'null' || expected === 'error' ? expected : Buffer.from(expected, 'base64').toString();
    assert.equal(outcome(serialize), withBuffers(name, text));
  });
}
