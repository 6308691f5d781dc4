/** CRC16 as XMODEM has it (polynomial 0x1021), which Redis Cluster places keys by. */
const crcTable = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
});

/** The part of a key that counts: what stands in its first braces, unless that is nothing; else the whole key. */
export function hashTag(key: string): string {
  const start = key.indexOf('{');
  if (start < 0) return key;
  const end = key.indexOf('}', start + 1);
  return end <= start + 1 ? key : key.slice(start + 1, end);
}

/** The slot of a key, 0 to 16383 (Redis Cluster specification, "Key distribution model"). A key that is no UTF-8 comes as its bytes. */
export function clusterSlot(key: string | Buffer): number {
  const tag = typeof key === 'string' ? Buffer.from(hashTag(key)) : Buffer.from(hashTag(key.toString('latin1')), 'latin1');
  let crc = 0;
  for (const byte of tag) crc = ((crc << 8) ^ crcTable[((crc >> 8) ^ byte) & 0xff]!) & 0xffff;
  return crc % 16_384;
}

/**
 * A key in the same slot as another, no two alike for different keys: the prefix (which has no braces) and behind it the key, as the hash
 * tag unless it has one. Null where no tag can name that slot: a key with a closing brace but no tag.
 */
export function companionKey(prefix: string, key: string): string | null {
  if (hashTag(key) !== key) return `${prefix}#${key}`;
  return key.includes('}') || key === '' ? null : `${prefix}{${key}}`;
}
