import { isUtf8 } from 'node:buffer';
import { type JsonValue, type SerializedHeader, SluiceError } from '../../contract/index.ts';

function columnValue(bytes: Uint8Array | null): JsonValue {
  if (bytes === null) return null;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return isUtf8(buffer) ? buffer.toString('utf8') : { base64: buffer.toString('base64') };
}

/** A record's headers as their column holds them; null for none. */
export function headersText(headers: readonly SerializedHeader[]): string | null {
  return headers.length === 0 ? null : JSON.stringify(headers.map(({ key, value }) => [key, columnValue(value)]));
}

/** Reads a headers column. */
export function parseHeaders(text: string): readonly SerializedHeader[] {
  const pairs = JSON.parse(text) as readonly (readonly [string, string | null | { readonly base64: string }])[];
  if (!Array.isArray(pairs)) throw new SluiceError('LOG_CORRUPT', 'The embedded log holds headers that cannot be read.');
  return pairs.map(([key, value]) => ({
    key,
    value: value === null ? null : typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.base64, 'base64'),
  }));
}
