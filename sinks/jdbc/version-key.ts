import { createHash } from 'node:crypto';
import type { ColumnValues } from '../sql/row-reader.ts';
import type { ColumnValue } from '../sql/value-text.ts';

/** Longer keys are kept as a digest. */
const keyLengthMax = 200;

/** A row's key as one text: the same for the same key, another for each other one. */
export function versionKey(values: ColumnValues, keys: number): string {
  if (keys === 1) return bounded(part(values[0]));
  let text = '';
  for (let at = 0; at < keys; at++) {
    const one = part(values[at]);
    text += `${one.length}:${one}`;
  }
  return bounded(text);
}

function part(value: ColumnValue | undefined): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : String(value);
}

function bounded(text: string): string {
  const printable = text.includes('\u0000') ? text.replaceAll('\u0000', '\\0') : text;
  return printable.length <= keyLengthMax ? printable : createHash('sha256').update(printable).digest('base64');
}
