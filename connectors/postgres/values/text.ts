import { schemas, type Value } from '../../../src/contract/index.ts';
import { logical, type TypeReader } from './type-reader.ts';
import type { Placeholder } from './value-options.ts';

/** Below this many bytes a loop over them is faster than the call into the decoder. */
const shortTextBytes = 12;

/** UTF-8 text as it stands. */
export function readText(bytes: Buffer, start: number, end: number): string {
  if (end - start > shortTextBytes) return bytes.toString('utf8', start, end);
  let text = '';
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte > 0x7f) return bytes.toString('utf8', start, end);
    text += String.fromCharCode(byte);
  }
  return text;
}

function texts(schema: TypeReader['schema'], placeholder: Placeholder): TypeReader {
  return { schema, read: readText, fallback: '', unavailable: placeholder.text };
}

export function textReader(placeholder: Placeholder): TypeReader {
  return texts(schemas.string, placeholder);
}

/** Types that are text under a name of their own: `io.debezium.data.Json` and the like. */
export function namedTextReader(name: string, placeholder: Placeholder): TypeReader {
  return texts(logical('string', name), placeholder);
}

export function enumReader(labels: readonly string[], placeholder: Placeholder): TypeReader {
  return texts(logical('string', 'io.debezium.data.Enum', { allowed: labels.join(',') }), placeholder);
}

/** t and f. */
export const booleanReader: TypeReader = {
  schema: schemas.boolean,
  read: (bytes: Buffer, start: number): Value => bytes[start] === 0x74,
  fallback: false,
  unavailable: false,
};
