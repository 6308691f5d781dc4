import { type Schema, Struct, type Value } from '../../src/contract/index.ts';
import { logicalTypes } from './logical-text.ts';

/** Writes a value as JSON. */
export type TextWriter = (value: Value) => string;

/** Writers compiled per schema, kept as long as the schema is. */
export class JsonText {
  readonly #compactMaps: boolean;
  readonly #writers = new WeakMap<Schema, TextWriter>();

  /** `compactMaps`: whether maps with text keys are objects (`compact.map.entries`). */
  constructor(compactMaps: boolean) {
    this.#compactMaps = compactMaps;
  }

  /** The writer for values of a schema; of null, for values without one. */
  writer(schema: Schema | null): TextWriter {
    if (schema === null) return schemaless;
    const known = this.#writers.get(schema);
    if (known) return known;
    const written = this.#compile(schema);
    const writer: TextWriter = value => (value === null ? 'null' : written(value));
    this.#writers.set(schema, writer);
    return writer;
  }

  #compile(schema: Schema): TextWriter {
    const logical = schema.name === null ? undefined : logicalTypes.get(schema.name);
    if (logical) return value => logical.text(value, schema);
    switch (schema.type) {
      case 'struct':
        return this.#struct(schema);
      case 'array': {
        const item = this.writer(schema.valueSchema);
        return value => `[${(value as readonly Value[]).map(item).join(',')}]`;
      }
      case 'map':
        return this.#map(schema);
      case 'float32':
      case 'float64':
        return numberText;
      case 'string':
        return value => JSON.stringify(value);
      case 'bytes':
        return bytesText;
      default:
        return String;
    }
  }

  #struct(schema: Schema): TextWriter {
    const fields = schema.fields.map(({ name, index, schema: field }) => ({
      name: `${index === 0 ? '' : ','}${JSON.stringify(name)}:`,
      write: this.writer(field),
    }));
    return value => {
      if (!(value instanceof Struct)) return 'null';
      let text = '{';
      for (const [index, { name, write }] of fields.entries()) text += name + write(value.values[index]!);
      return `${text}}`;
    };
  }

  #map(schema: Schema): TextWriter {
    const [key, item] = [this.writer(schema.keySchema), this.writer(schema.valueSchema)];
    if (this.#compactMaps && schema.keySchema?.type === 'string')
      return value =>
        `{${[...(value as ReadonlyMap<string, Value>)].map(([name, inner]) => `${JSON.stringify(name)}:${item(inner)}`).join(',')}}`;
    return value =>
      `[${[...(value as ReadonlyMap<Value, Value>)].map(([name, inner]) => `{"key":${key(name)},"value":${item(inner)}}`).join(',')}]`;
  }
}

/** JSON has neither NaN nor infinity, and Elasticsearch refuses them: such a number is null. */
function numberText(value: Value): string {
  return Number.isFinite(value) ? String(value) : 'null';
}

function bytesText(value: Value): string {
  const bytes = value as Uint8Array;
  return `"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')}"`;
}

/** A value without schema, as the JSON converter reads it. */
function schemaless(value: Value): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return bytesText(value);
  if (value instanceof Map) {
    const fields = [...(value as ReadonlyMap<Value, Value>)].map(([name, inner]) => `${JSON.stringify(String(name))}:${schemaless(inner)}`);
    return `{${fields.join(',')}}`;
  }
  if (Array.isArray(value)) return `[${value.map(item => schemaless(item as Value)).join(',')}]`;
  return 'null';
}
