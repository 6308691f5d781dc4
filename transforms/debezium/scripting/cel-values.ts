import { type Header, type Schema, Struct, schemas, type Value } from '../../../src/contract/index.ts';

/**
 * A struct as CEL sees it: a map from field names to values, converted when they are asked for. The library takes an object for a map by
 * its constructor alone, so the class gives itself out as Map's (below).
 */
class StructView extends Map<string, unknown> {
  readonly #struct: Struct;

  constructor(struct: Struct) {
    super();
    this.#struct = struct;
  }

  override get(name: string): unknown {
    const field = this.#struct.schema.field(name);
    return field && celValue(field.schema, this.#struct.values[field.index] ?? field.schema.default ?? null);
  }

  override has(name: string): boolean {
    return this.#struct.schema.field(name) !== undefined;
  }

  override get size(): number {
    return this.#struct.values.length;
  }

  override keys(): MapIterator<string> {
    return this.#whole().keys();
  }

  override values(): MapIterator<unknown> {
    return this.#whole().values();
  }

  override entries(): MapIterator<[string, unknown]> {
    return this.#whole().entries();
  }

  override [Symbol.iterator](): MapIterator<[string, unknown]> {
    return this.entries();
  }

  override forEach(visit: (value: unknown, key: string, map: Map<string, unknown>) => void): void {
    for (const [name, value] of this.#whole()) visit(value, name, this);
  }

  #whole(): Map<string, unknown> {
    return new Map(this.#struct.schema.fields.map(({ name }) => [name, this.get(name)]));
  }
}
Object.defineProperty(StructView.prototype, 'constructor', { value: Map });

const integers: ReadonlySet<string> = new Set(['int8', 'int16', 'int32']);

/** A decimal as the nearest double, which is what a literal of the same digits is. */
function decimalValue(unscaled: Uint8Array, scale: number): number {
  if (unscaled.length === 0) return 0;
  const signed = BigInt.asIntN(unscaled.length * 8, BigInt(`0x${Buffer.from(unscaled).toString('hex')}`));
  return Number(`${signed}e${-scale}`);
}

/**
 * A value as CEL has it: integers of every size are int (bigint), floats and decimals double, binary values bytes, structs maps. Cheap:
 * what is inside a struct is converted when an expression reads it.
 */
export function celValue(schema: Schema | null, value: Value): unknown {
  if (value === null) return null;
  if (typeof value === 'number') {
    if (schema === null) return Number.isInteger(value) ? BigInt(value) : value;
    return integers.has(schema.type) ? BigInt(value) : value;
  }
  if (typeof value !== 'object') return value;
  if (value instanceof Struct) return new StructView(value);
  if (value instanceof Uint8Array) {
    if (schema?.name === schemas.connectDecimal) return decimalValue(value, Number(schema.parameters?.['scale'] ?? 0));
    // A Buffer is no bytes to the library.
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof Map) {
    return new Map(
      [...value].map(([key, item]) => [celValue(schema?.keySchema ?? null, key), celValue(schema?.valueSchema ?? null, item)]),
    );
  }
  return Array.isArray(value) ? value.map((item: Value) => celValue(schema?.valueSchema ?? null, item)) : null;
}

const schemaViews = new WeakMap<Schema, Readonly<Record<string, unknown>>>();

/** A schema as CEL sees it: name, type, version, optional, doc, parameters. */
export function celSchema(schema: Schema | null): unknown {
  if (schema === null) return null;
  let view = schemaViews.get(schema);
  if (view === undefined) {
    const { name, type, optional, doc, parameters } = schema;
    view = { name, type, version: schema.version === null ? null : BigInt(schema.version), optional, doc, parameters: { ...parameters } };
    schemaViews.set(schema, view);
  }
  return view;
}

/** Headers as CEL sees them: `header.NAME.value`; where a name comes twice, the last one. */
export function celHeaders(headers: readonly Header[]): unknown {
  return new Map(headers.map(({ key, schema, value }) => [key, { value: celValue(schema, value), schema: celSchema(schema) }]));
}
