import type { SlabWriter } from '../../contract/index.ts';
import { jsonString } from './json-string.ts';

/** Texts up to here are written unit by unit; a longer one costs less as a whole that is looked through afterwards. */
const shortUnitsMax = 48;

const zero = 0x30;
const minus = 0x2d;
const quote = 0x22;
const backslash = 0x5c;
const equals = 0x3d;

/** A JSON string, as `jsonString` has it. Written as bytes straight away as long as it holds nothing but ASCII. */
export function putString(slab: SlabWriter, text: string): void {
  if (text.length <= shortUnitsMax) putUnits(slab, text);
  else putLong(slab, text);
}

/** Unit by unit: quotes and backslashes, which JSON in JSON is full of, cost no more than letters. */
function putUnits(slab: SlabWriter, text: string): void {
  const units = text.length;
  const bytes = slab.reserve(units * 2 + 2);
  const start = slab.length;
  let at = start;
  bytes[at++] = quote;
  for (let index = 0; index < units; index++) {
    const unit = text.charCodeAt(index);
    if (unit === quote || unit === backslash) bytes[at++] = backslash;
    else if (unit < 0x20 || unit > 0x7f) {
      slab.text(jsonString(text));
      return;
    }
    bytes[at++] = unit;
  }
  bytes[at++] = quote;
  slab.extend(at - start);
}

function putLong(slab: SlabWriter, text: string): void {
  // Three bytes are the most that one UTF-16 unit takes.
  const bytes = slab.reserve(text.length * 3 + 2);
  const start = slab.length;
  bytes[start] = quote;
  const end = start + 1 + bytes.write(text, start + 1);
  if (!slab.isPlain(start + 1, end)) {
    putUnits(slab, text);
    return;
  }
  bytes[end] = quote;
  slab.extend(end + 1 - start);
}

/**
 * A JSON string of the UTF-8 in source[start, end), as `jsonString` has it of the text. `plain`: it is thought to be ASCII of which JSON escapes
 * nothing, so that it is copied in one go and looked through afterwards. Answers whether it was.
 */
export function putUtf8(slab: SlabWriter, source: Buffer, start: number, end: number, plain: boolean): boolean {
  const length = end - start;
  if (!plain || length <= shortUnitsMax) return putUtf8Units(slab, source, start, end);
  const bytes = slab.reserve(length + 2);
  const first = slab.length + 1;
  source.copy(bytes, first, start, end);
  if (!slab.isPlain(first, first + length)) return putUtf8Units(slab, source, start, end);
  bytes[first - 1] = quote;
  bytes[first + length] = quote;
  slab.extend(length + 2);
  return true;
}

function putUtf8Units(slab: SlabWriter, source: Buffer, start: number, end: number): boolean {
  const bytes = slab.reserve((end - start) * 2 + 2);
  const first = slab.length;
  let plain = true;
  let at = first;
  bytes[at++] = quote;
  for (let index = start; index < end; index++) {
    const unit = source[index]!;
    if (unit === quote || unit === backslash) {
      bytes[at++] = backslash;
      plain = false;
    } else if (unit > 0x7f || unit < 0x20) {
      const more = unit < 0x20 ? -1 : behindLead(source, index, end);
      if (more < 0) {
        slab.text(jsonString(source.toString('utf8', start, end)));
        return false;
      }
      plain = false;
      bytes[at++] = unit;
      if (more === 2) bytes[at++] = source[++index]!;
      bytes[at++] = source[++index]!;
      continue;
    }
    bytes[at++] = unit;
  }
  bytes[at++] = quote;
  slab.extend(at - first);
  return plain;
}

/** How many bytes belong to the one beyond ASCII at `at`, 1 or 2; -1: three, which JSON escapes, or it is no UTF-8. */
function behindLead(source: Buffer, at: number, end: number): number {
  const lead = source[at]!;
  const second = at + 1 < end ? source[at + 1]! : 0;
  if (lead >= 0xc2 && lead <= 0xdf) return (second & 0xc0) === 0x80 ? 1 : -1;
  if (lead < 0xe0 || lead > 0xef || at + 2 >= end) return -1;
  // Neither longer forms of what is shorter, nor surrogates.
  if (second < (lead === 0xe0 ? 0xa0 : 0x80) || second > (lead === 0xed ? 0x9f : 0xbf)) return -1;
  return (source[at + 2]! & 0xc0) === 0x80 ? 2 : -1;
}

/** Digits of 0 to 2^31 - 1. */
function putDigits(bytes: Uint8Array, start: number, value: number): number {
  let digits = 1;
  for (let limit = 10; digits < 10 && value >= limit; limit *= 10) digits++;
  putPadded(bytes, start, value, digits);
  return start + digits;
}

function putPadded(bytes: Uint8Array, start: number, value: number, digits: number): void {
  let rest = value | 0;
  for (let at = start + digits - 1; at >= start; at--) {
    const tenth = (rest / 10) | 0;
    bytes[at] = zero + rest - tenth * 10;
    rest = tenth;
  }
}

const lowDigits = 9;
const lowLimit = 1e9;

/** A whole number that a double holds exactly. */
export function putInteger(slab: SlabWriter, value: number): void {
  const bytes = slab.reserve(17);
  const start = slab.length;
  let at = start;
  if (value < 0) bytes[at++] = minus;
  const size = Math.abs(value);
  if (size < lowLimit) at = putDigits(bytes, at, size);
  else {
    // 2^53 has sixteen digits: no more than seven before the last nine.
    const high = Math.floor(size / lowLimit);
    at = putDigits(bytes, at, high);
    putPadded(bytes, at, size - high * lowLimit, lowDigits);
    at += lowDigits;
  }
  slab.extend(at - start);
}

const base64Digits = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
/** Up to here bytes are put together one by one; more cost less in one call. */
const shortBytesMax = 48;

/** Binary as Jackson writes it: base64 with padding on one line. */
export function putBase64(slab: SlabWriter, value: Uint8Array): void {
  if (value.length > shortBytesMax) {
    slab.ascii(`"${Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')}"`);
    return;
  }
  putShortBase64(slab, value, value.length);
}

function putShortBase64(slab: SlabWriter, value: Uint8Array, length: number): void {
  const bytes = slab.reserve(length * 2 + 6);
  const start = slab.length;
  let at = start;
  bytes[at++] = quote;
  for (let index = 0; index < length; index += 3) {
    const left = length - index;
    const bits = (value[index]! << 16) | (left > 1 ? value[index + 1]! << 8 : 0) | (left > 2 ? value[index + 2]! : 0);
    bytes[at++] = base64Digits[bits >> 18]!;
    bytes[at++] = base64Digits[(bits >> 12) & 63]!;
    bytes[at++] = left > 1 ? base64Digits[(bits >> 6) & 63]! : equals;
    bytes[at++] = left > 2 ? base64Digits[bits & 63]! : equals;
  }
  bytes[at++] = quote;
  slab.extend(at - start);
}

/** Seven bytes hold what a double holds exactly. */
const unscaledBytes = new Uint8Array(8);

/** A Decimal's unscaled value as the converter writes its bytes: two's complement, big-endian, in as few bytes as hold the sign. */
export function putUnscaled(slab: SlabWriter, value: number): void {
  let size = 1;
  for (let limit = 0x80; value >= limit || value < -limit; limit *= 256) size++;
  let high = Math.floor(value / 0x1_0000_0000);
  let low = value >>> 0;
  for (let at = size - 1; at >= 0; at--) {
    unscaledBytes[at] = low & 0xff;
    low = (low >>> 8) | ((high & 0xff) << 24);
    high >>= 8;
  }
  putShortBase64(slab, unscaledBytes, size);
}
