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

test('texts with NUL, with pairs of surrogates and beyond 65,535 bytes are hashed as a Java program hashes them', () => {
  const hash = hasher('SHA-256', 's', 1);
  assert.equal(hash('a\0b'), '67147effc828738b05a18b54e767b4e6c216eefaa1c8af584850cb9b7f647708');
  assert.equal(hash('😀'), 'd747aa7540f138fb5fb3a30cb088c8a3fcb06a4c771f2a605097d31e70df6484');
  assert.equal(hash('x'.repeat(70_000)), '2f3f5d5633c7ded8d2a39011168147eb7e8973c4b1da618a4c009ed6b74ef63f');
  assert.equal(hash('pü日'), '8d2b9d0d28973e8aa223cf6283ec7e89383e0c4dfb73a7b4d8bf2f132a8b213c');
});

test('an unknown algorithm is refused with the names there are', () => {
  assert.throws(() => hasher('ROT13', 's', 2), /no hash algorithm 'ROT13'; use one of MD5, .*SHA-256/);
});
