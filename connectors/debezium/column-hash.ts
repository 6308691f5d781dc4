import { createHash, getHashes } from 'node:crypto';
import { modifiedUtf8 } from './modified-utf8.ts';

/** Java's names of message digests, as `column.mask.hash.ALGORITHM...` gives them, and OpenSSL's. */
const opensslNames: Readonly<Record<string, string>> = {
  MD5: 'md5',
  SHA: 'sha1',
  'SHA-1': 'sha1',
  SHA1: 'sha1',
  'SHA-224': 'sha224',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
  'SHA-512/224': 'sha512-224',
  'SHA-512/256': 'sha512-256',
  'SHA3-224': 'sha3-224',
  'SHA3-256': 'sha3-256',
  'SHA3-384': 'sha3-384',
  'SHA3-512': 'sha3-512',
};

/** OpenSSL's name of a digest that Java knows by `name`, in any case. Throws an Error that lists the names there are. */
export function digestName(name: string): string {
  const known = opensslNames[name.toUpperCase()];
  if (known === undefined || !getHashes().includes(known))
    throw new Error(`There is no hash algorithm '${name}'; use one of ${Object.keys(opensslNames).join(', ')}`);
  return known;
}

/** A string as Java's ObjectOutputStream writes it: what the first version of the hash is computed over. */
function serializedString(text: string): Buffer {
  const content = modifiedUtf8(text);
  if (content.length <= 0xffff) {
    const head = Buffer.from([0xac, 0xed, 0x00, 0x05, 0x74, content.length >> 8, content.length & 0xff]);
    return Buffer.concat([head, content]);
  }
  const head = Buffer.from([0xac, 0xed, 0x00, 0x05, 0x7c, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeBigUInt64BE(BigInt(content.length), 5);
  return Buffer.concat([head, content]);
}

/**
 * The hash of a text behind a salt, in hexadecimal digits. Version 1 hashes the text as Java serializes it, version 2 its UTF-8 bytes.
 */
export function hasher(algorithm: string, salt: string, version: 1 | 2): (text: string) => string {
  const name = digestName(algorithm);
  const saltBytes = Buffer.from(salt, 'utf8');
  return text =>
    createHash(name)
      .update(saltBytes)
      .update(version === 1 ? serializedString(text) : Buffer.from(text, 'utf8'))
      .digest('hex');
}
