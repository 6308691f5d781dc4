import { createHash } from 'node:crypto';
import { schemas } from '../../../src/contract/index.ts';
import { logical } from '../../debezium/values/logical-schema.ts';
import type { Placeholder } from '../../debezium/values/placeholder.ts';
import { unreadable } from '../../debezium/values/unreadable.ts';
import type { TypeReader } from './type-reader.ts';

/** UTF-8 text as it stands. */
export function readText(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, end);
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

/** uuid. In arrays, what was not sent is the UUID that Java names after the placeholder's bytes (version 3). */
export function uuidReader(placeholder: Placeholder): TypeReader {
  const hash = createHash('md5').update(placeholder.bytes).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x30;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const named = hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return { ...namedTextReader('io.debezium.data.Uuid', placeholder), unavailable: named };
}

/** t and f. */
function readBoolean(bytes: Buffer, start: number, end: number): boolean {
  const letter = bytes[start];
  if (end - start !== 1 || (letter !== 0x74 && letter !== 0x66)) throw unreadable('boolean');
  return letter === 0x74;
}

export const booleanReader: TypeReader = { schema: schemas.boolean, read: readBoolean, fallback: false, unavailable: false };
