import type { EventCursor } from '../../binlog/cursor.ts';

/** Bytes that hold a fraction of so many digits. */
export function fractionBytes(digits: number): number {
  return (digits + 1) >> 1;
}

/** Microseconds of a unit of the fraction, by its bytes: hundredths, ten-thousandths, microseconds. */
const units = [0, 10_000, 100, 1] as const;

/** A fraction of so many bytes as microseconds. Throws MALFORMED_MESSAGE by way of `secondsOf`'s users never: a second may not be exceeded. */
export function microsOfFraction(fraction: number, size: number): number {
  return fraction * units[size as 0 | 1 | 2 | 3];
}

/** Big-endian. */
export function readFraction(cursor: EventCursor, size: number): number {
  const at = cursor.take(size);
  const { bytes } = cursor;
  let fraction = 0;
  for (let index = 0; index < size; index++) fraction = fraction * 256 + bytes[at + index]!;
  return microsOfFraction(fraction, size);
}
