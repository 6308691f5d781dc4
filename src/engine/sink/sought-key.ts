import { type Converter, type LogRecord, Struct } from '../../contract/index.ts';

/**
 * Whether a record's key is the one that a request names: the JSON text of the key as a converter without schemas writes it (in any order of
 * its fields), or, for a key of one column, the column's value by itself. A key that the converter cannot read is another one.
 */
export function soughtKey(text: string, converter: Pick<Converter, 'deserialize'>): (record: Pick<LogRecord, 'topic' | 'key'>) => boolean {
  const json = parsed(text);
  return ({ topic, key: bytes }) => {
    if (bytes === null) return false;
    let key: unknown;
    try {
      key = converter.deserialize(topic, bytes).value;
    } catch {
      return false;
    }
    if (key === null) return false;
    const column = onlyColumn(key);
    if (column !== undefined && textOf(column) === text) return true;
    if (json === null) return false;
    return canonical(key) === json || (column !== undefined && canonical(column) === json);
  };
}

/** The value of a key that has one: itself where it has no fields; undefined where it has several. */
function onlyColumn(key: unknown): unknown {
  if (key instanceof Struct) return key.values.length === 1 ? key.values[0] : undefined;
  if (key instanceof Map) return key.size === 1 ? [...key.values()][0] : undefined;
  return key;
}

/** Null for what is no JSON. */
function parsed(text: string): string | null {
  try {
    return canonical(
      JSON.parse(text, (_name, value: unknown, context?: { readonly source?: string }) =>
        typeof value === 'number' && /^-?\d+$/.test(context?.source ?? '') ? BigInt(context!.source!) : value,
      ),
    );
  } catch {
    return null;
  }
}

/** Without the quotes of JSON where it is a text. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
  return canonical(value);
}

/** The same text for the same JSON: fields by their names, integers with all their digits, bytes as the JSON converter writes them. */
function canonical(part: unknown): string {
  if (typeof part === 'string') return JSON.stringify(part);
  if (typeof part !== 'object' || part === null) return String(part);
  if (part instanceof Uint8Array) return JSON.stringify(textOf(part));
  if (Array.isArray(part)) return `[${part.map(canonical).join(',')}]`;
  const fields = fieldsOf(part)
    .map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`)
    .sort();
  return `{${fields.join(',')}}`;
}

function fieldsOf(part: object): readonly (readonly [name: string, value: unknown])[] {
  if (part instanceof Struct) return part.schema.fields.map(({ name, index }) => [name, part.values[index]]);
  if (part instanceof Map) return [...part].map(([name, value]) => [String(name), value]);
  return Object.entries(part);
}
