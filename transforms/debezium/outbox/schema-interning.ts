import type { Schema, Value } from '../../../src/contract/index.ts';

const texts = new WeakMap<Schema, string>();

/** A text that two schemas share exactly if they are equal by content (as Java's Schema.equals has it). Kept per schema. */
export function schemaText(schema: Schema): string {
  let text = texts.get(schema);
  if (text === undefined) {
    const { type, optional, name, version, doc, parameters } = schema;
    text = JSON.stringify([
      type,
      optional,
      name,
      version,
      doc,
      parameters === null ? null : Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1)),
      schema.default === undefined ? null : defaultText(schema.default),
      schema.fields.map(field => [field.name, schemaText(field.schema)]),
      schema.keySchema && schemaText(schema.keySchema),
      schema.valueSchema && schemaText(schema.valueSchema),
    ]);
    texts.set(schema, text);
  }
  return text;
}

/** Defaults of columns are plain values; text and type tell them apart. */
function defaultText(value: Value): string {
  return value instanceof Uint8Array ? `bytes ${Buffer.from(value).toString('hex')}` : `${typeof value} ${String(value)}`;
}

/**
 * Makes schemas that are equal by content one object, so that caches by identity hit. Holds at most `size` schemas; past that it starts
 * anew, which costs those caches a miss and nothing else.
 */
export class SchemaInterner {
  readonly #size: number;
  readonly #schemas = new Map<string, Schema>();

  constructor(size: number) {
    this.#size = size;
  }

  intern(schema: Schema): Schema {
    const text = schemaText(schema);
    const known = this.#schemas.get(text);
    if (known !== undefined) return known;
    if (this.#schemas.size >= this.#size) this.#schemas.clear();
    this.#schemas.set(text, schema);
    return schema;
  }
}
