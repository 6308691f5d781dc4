import { arraySchema, type Schema, Struct, schemaOf, schemas, structSchema, type Value } from '../../../src/contract/index.ts';
import type { BsonDocument, BsonType, BsonValue } from './bson-value.ts';

const timestamp = schemaOf('int64', { optional: true, name: schemas.connectTimestamp, version: 1 });

const regularExpression = structSchema(
  [
    ['regex', schemas.optionalString],
    ['options', schemas.optionalString],
  ],
  { name: 'io.debezium.mongodb.regex', optional: true },
);

const plain: Readonly<Partial<Record<BsonType, Schema>>> = {
  null: schemas.optionalString,
  string: schemas.optionalString,
  javaScript: schemas.optionalString,
  objectId: schemas.optionalString,
  decimal128: schemas.optionalString,
  double: schemas.optionalFloat64,
  binary: schemas.optionalBytes,
  int32: schemas.optionalInt32,
  int64: schemas.optionalInt64,
  dateTime: timestamp,
  timestamp,
  boolean: schemas.optionalBoolean,
  regularExpression,
};

/** How documents become structs. */
export type DocumentShape = {
  /** `array.encoding`: arrays as such, their elements of one type; or as structs with fields _0, _1 ... */
  readonly arrays: 'array' | 'document';
  readonly fieldName: (name: string) => string;
  /** Names are adjusted: then empty arrays stay unset. */
  readonly adjusted: boolean;
};

type Fields = Map<string, Schema>;

const mixed = 'an array holds elements of different types (set array.encoding=document)';

/** Infers schemas from documents and makes structs of them (Debezium's MongoDataConverter). A document's names come in its own order. */
export class DocumentStructs {
  readonly #shape: DocumentShape;

  constructor(shape: DocumentShape) {
    this.#shape = shape;
  }

  /**
   * Adds the fields of a document to those of a struct of that name (null: it has none). `placed`: the document is an array's element with a
   * name by its place; there what is empty has a name too.
   */
  addFields(fields: Fields, document: BsonDocument, parent: string | null, placed = false): void {
    for (const [key, value] of document) {
      const name = this.#shape.fieldName(key);
      if (fields.has(name)) continue;
      const path = `${parent ?? 'null'}.${name}`;
      const named = placed && isEmpty(value);
      const schema = named
        ? structSchema([], { name: this.#shape.fieldName(path), optional: true })
        : this.#schema(value, path, name, parent);
      if (schema !== null) fields.set(name, schema);
    }
  }

  /** The values of a document by the schema made of it. */
  struct(schema: Schema, document: BsonDocument): Struct {
    const values = new Array<Value>(schema.fields.length).fill(null);
    this.putValues(schema, values, document);
    return new Struct(schema, values);
  }

  putValues(schema: Schema, values: Value[], document: BsonDocument): void {
    for (const [key, value] of document) {
      if (value.type === 'undefined') continue;
      const field = schema.field(this.#shape.fieldName(key));
      if (field === undefined && this.#shape.adjusted && value.type === 'array' && value.items.length === 0) continue;
      if (field === undefined) throw new Error(`a document has a field of type ${value.type}, which no schema can hold`);
      values[field.index] = this.#value(field.schema, value);
    }
  }

  /** null: the type has no schema. `path` names the struct that a document becomes. */
  #schema(value: BsonValue, path: string, name: string, parent: string | null): Schema | null {
    switch (value.type) {
      case 'document':
        return this.#documentSchema(value.fields, path);
      case 'array':
        return this.#shape.arrays === 'array' ? this.#arraySchema(value.items, path) : this.#indexedSchema(value.items, path, name, parent);
      case 'javaScriptWithScope': {
        const scope: Fields = new Map();
        this.addFields(scope, value.scope, `${path}.${name}.scope`);
        const scopeSchema = structSchema([...scope], { name: `${path}.${name}.scope`, optional: true });
        return structSchema(
          [
            ['code', schemas.optionalString],
            ['scope', scopeSchema],
          ],
          { name: path },
        );
      }
      default:
        return plain[value.type] ?? null;
    }
  }

  #documentSchema(document: BsonDocument, path: string, placed = false): Schema {
    if (document.size === 0) return structSchema([], { optional: true });
    const fields: Fields = new Map();
    this.addFields(fields, document, path, placed);
    return structSchema([...fields], { name: path, optional: true });
  }

  /**
   * All elements of one type; of documents the fields of all. Arrays in arrays may be one deep. Beside documents or arrays, what becomes null
   * is no type of its own.
   */
  #arraySchema(items: readonly BsonValue[], path: string): Schema {
    if (items.length === 0) return arraySchema(schemas.optionalString, { optional: true });
    // An empty array tells nothing, and is left out.
    const filled = items.filter(item => item.type !== 'array' || item.items.length > 0);
    const nested = filled.filter(({ type }) => type === 'array' || type === 'document');
    const told = nested.length > 0 && filled.every(item => nested.includes(item) || becomesNull(item)) ? nested : filled;
    const arrays = told.filter(item => item.type === 'array');
    if (arrays.length === 0 && told.length > 0) return arraySchema(this.#elementSchema(told, path), { optional: true });
    if (arrays.length < told.length) throw new Error(mixed);
    const inner = arrays.map(({ items: elements }) => elements);
    if (inner.length === 0 || inner.flat().some(({ type }) => type === 'array'))
      throw new Error('an array holds empty arrays only, or arrays of arrays, for which there is no schema (set array.encoding=document)');
    const documents = inner.flat().some(({ type }) => type === 'document');
    const element = this.#elementSchema(documents ? inner.flat() : inner[0]!, null);
    return arraySchema(arraySchema(element, { optional: true }), { optional: true });
  }

  #elementSchema(items: readonly BsonValue[], path: string | null): Schema {
    const documents = items.filter(item => item.type === 'document');
    if (documents.length > 0 && items.every(item => item.type === 'document' || becomesNull(item)))
      return this.#mergedSchema(
        documents.map(({ fields }) => fields),
        path,
      );
    const found = new Set(items.map(({ type }) => plain[type]));
    const [schema] = found;
    if (documents.length > 0 || found.size > 1 || schema === undefined) throw new Error(mixed);
    return schema;
  }

  /** The fields in the order in which they first come, each as its last document has it. */
  #mergedSchema(documents: readonly BsonDocument[], path: string | null): Schema {
    const last = new Map<string, BsonValue>();
    for (const document of documents)
      for (const [key, value] of document) {
        const before = last.get(key);
        if (before && before.type !== value.type && plain[before.type] !== plain[value.type]) throw new Error(mixed);
        last.set(key, value);
      }
    const fields: Fields = new Map();
    this.addFields(fields, last, path);
    if (fields.size === 0)
      throw new Error('an array holds empty documents only, for which there is no schema (set array.encoding=document)');
    return structSchema([...fields], { ...(path === null ? {} : { name: path }), optional: true });
  }

  /** An array as a struct whose fields are named by place. */
  #indexedSchema(items: readonly BsonValue[], path: string, name: string, parent: string | null): Schema {
    const own = items.length > 0 && parent?.endsWith(name) ? parent : path;
    const fields = items.flatMap((item, index) => {
      const place = `_${index}`;
      const inner = `${own}.${place}`;
      if (this.#shape.adjusted && item.type === 'array' && item.items.length === 0) return [];
      const schema = item.type === 'document' ? this.#documentSchema(item.fields, inner, true) : this.#schema(item, inner, place, own);
      return schema === null ? [] : [[place, schema] as const];
    });
    return structSchema(fields, { name: own, optional: true });
  }

  #value(schema: Schema, value: BsonValue): Value {
    switch (value.type) {
      case 'document':
        return this.struct(requireStruct(schema), value.fields);
      case 'array':
        if (value.items.length === 0 && this.#shape.adjusted) return null;
        return schema.type === 'array' ? this.#arrayValue(schema, value.items) : this.#indexedValue(schema, value.items);
      case 'regularExpression':
        return new Struct(schema, [value.pattern, value.options]);
      case 'javaScriptWithScope': {
        const scope = schema.field('scope')!.schema;
        return new Struct(schema, [value.code, this.struct(scope, value.scope)]);
      }
      default:
        return plainValue(schema, value);
    }
  }

  /** An empty array in an array is left out. */
  #arrayValue(schema: Schema, items: readonly BsonValue[]): readonly Value[] {
    const element = schema.valueSchema!;
    const nested = element.type === 'array' || (element.type === 'struct' && element !== regularExpression);
    const kept = items.filter(item => item.type !== 'array' || item.items.length > 0);
    return kept.map(item => (nested && becomesNull(item) ? null : this.#value(element, item)));
  }

  #indexedValue(schema: Schema, items: readonly BsonValue[]): Struct {
    return this.struct(schema, new Map(items.map((item, index) => [`_${index}`, item])));
  }
}

/** What an array's element of that type is beside documents or arrays. */
const nullTypes: ReadonlySet<BsonType> = new Set<BsonType>([
  'null',
  'undefined',
  'minKey',
  'maxKey',
  'symbol',
  'regularExpression',
  'javaScriptWithScope',
]);

const becomesNull = ({ type }: BsonValue) => nullTypes.has(type);

function isEmpty(value: BsonValue): boolean {
  return value.type === 'document' ? value.fields.size === 0 : value.type === 'array' && value.items.length === 0;
}

function requireStruct(schema: Schema): Schema {
  if (schema.type !== 'struct') throw new Error(mixed);
  return schema;
}

function plainValue(schema: Schema, value: BsonValue): Value {
  if (value.type !== 'null' && plain[value.type] !== schema) {
    const fits = plain[value.type]?.type === schema.type && plain[value.type]?.name === schema.name;
    if (!fits) throw new Error(mixed);
  }
  switch (value.type) {
    case 'timestamp':
      return BigInt(value.seconds | 0) * 1000n;
    case 'string':
    case 'objectId':
    case 'decimal128':
    case 'javaScript':
    case 'double':
    case 'int32':
    case 'int64':
    case 'dateTime':
    case 'boolean':
    case 'binary':
      return value.value;
    default:
      return null;
  }
}
