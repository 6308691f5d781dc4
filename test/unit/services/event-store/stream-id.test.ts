import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkStream, formatStream, parseStream } from '../../../../src/services/event-store/stream-id.ts';

test('a stream is written type:id, and the id may hold colons', () => {
  assert.deepEqual(parseStream('order:4711'), { type: 'order', id: '4711' });
  assert.deepEqual(parseStream('order:urn:x:1'), { type: 'order', id: 'urn:x:1' });
  assert.equal(formatStream({ type: 'order', id: 'a:b' }), 'order:a:b');
});

test('what is no stream is refused with the reason', () => {
  const refused: [string, RegExp][] = [
    ['order', /'order' names no stream: write type:id/],
    [':1', /stream type is empty/],
    ['order:', /id of the stream of type 'order' is empty/],
    ['order:a\nb', /control character/],
    ['order:\ud800', /surrogate/],
    [`order:${'x'.repeat(256)}`, /has 256 characters, at most 255/],
  ];
  for (const [text, message] of refused) assert.throws(() => parseStream(text), { code: 'EVENT_INVALID', message });
  assert.throws(() => checkStream({ type: 'a:b', id: '1' }), { code: 'EVENT_INVALID', message: /holds a colon/ });
});

test('every stream that is taken is read as it was written', () => {
  const text = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' });
  fc.assert(
    fc.property(text, text, (type, id) => {
      const stream = { type, id };
      try {
        checkStream(stream);
      } catch {
        return;
      }
      assert.deepEqual(parseStream(formatStream(stream)), stream);
    }),
  );
});
