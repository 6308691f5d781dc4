import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasher } from '../../../../connectors/debezium/column-hash.ts';

test('the first version hashes the text as Java serializes it', () => {
  assert.equal(hasher('SHA-256', 'salt', 1)('hello'), 'af5843a0f0e728ab0332c8888b6e1190bfb79e584f0d40538de8f10df6ef29c6');
  assert.equal(hasher('MD5', 'salt', 1)('world'), '030f632140d9c9591b0d8c21098024b8');
});

test('the second version hashes the UTF-8 bytes', () => {
  assert.equal(hasher('SHA-256', 'salt', 2)('world'), 'e84ac3142870113ddc6710c06f76421befc8e8ca6de64e98d2993ed8d41f4085');
  assert.equal(hasher('md5', 'salt', 2)('hello'), '06decc8b095724f80103712c235586be');
});

test('texts with NUL, with pairs of surrogates and beyond 65,535 bytes take their own way through Java’s serialization', () => {
  const hash = hasher('SHA-256', 's', 1);
  const texts = ['a\0b', '😀', 'x'.repeat(70_000), 'plain'];
  assert.equal(new Set(texts.map(hash)).size, texts.length);
  // From ObjectOutputStream.writeObject("a\0b"): NUL as C0 80.
  assert.notEqual(hash('a\0b'), hash('ab'));
});

test('an unknown algorithm is refused with the names there are', () => {
  assert.throws(() => hasher('ROT13', 's', 2), /no hash algorithm 'ROT13'; use one of MD5, .*SHA-256/);
});
