import { UnwritableValue } from './temporal-text.ts';

/** The number of an unscaled two's complement, big-endian: the form of Connect's Decimal. */
function unscaledOf(bytes: Uint8Array): bigint {
  if (bytes.length <= 6) {
    let small = 0;
    for (const byte of bytes) small = small * 256 + byte;
    if ((bytes[0] ?? 0) >= 0x80) small -= 256 ** bytes.length;
    return BigInt(small);
  }
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

/** A Decimal as text: its digits with `scale` of them behind the point. */
export function decimalText(bytes: Uint8Array, scale: number): string {
  if (bytes.length === 0) throw new UnwritableValue('a decimal has no bytes');
  const unscaled = unscaledOf(bytes);
  if (scale === 0) return unscaled.toString();
  if (scale < 0) return `${unscaled}${'0'.repeat(-scale)}`;
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const at = digits.length - scale;
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, at)}.${digits.slice(at)}`;
}
