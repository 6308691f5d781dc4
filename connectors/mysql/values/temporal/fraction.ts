import type { EventCursor } from '../../binlog/cursor.ts';

/** Bytes that hold a fraction of so many digits. */
export function fractionBytes(digits: number): number {
  return (digits + 1) >> 1;
}

/** Nanoseconds of a unit of the fraction, by its bytes: hundredths, ten-thousandths, microseconds. As the reference reckons them. */
const divisors = [1, 0.0000001, 0.0000001 * 100, 0.0000001 * 100 ** 2] as const;

/**
 * A fraction of so many bytes as microseconds. The reference divides floating-point numbers and cuts the result, which is sometimes one
 * microsecond less than what is stored; a test holds which.
 */
export function microsOfFraction(fraction: number, size: number): number {
  if (size === 0) return 0;
  return Math.floor(Math.trunc(fraction / divisors[size as 1 | 2 | 3]) / 1000);
}

/** Big-endian. */
export function readFraction(cursor: EventCursor, size: number): number {
  const at = cursor.take(size);
  const { bytes } = cursor;
  let fraction = 0;
  for (let index = 0; index < size; index++) fraction = fraction * 256 + bytes[at + index]!;
  return microsOfFraction(fraction, size);
}
