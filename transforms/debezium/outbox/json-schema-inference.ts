import { arraySchema, type Schema, Struct, schemas, type Value } from '../../../src/contract/index.ts';
import type { NameAdjuster } from '../name-adjustment.ts';
import { basicsOf, type NamedSchema, namedFields, structWith } from '../schema-copy.ts';
import type { JsonNode } from './json-document.ts';
import { SchemaInterner, schemaText } from './schema-interning.ts';

/** What becomes of members that are null: left out, or fields of optional bytes. */
export type NullBehavior = 'ignore' | 'optional_bytes';

/** Shapes of documents kept. */
const shapesMax = 10_000;

/**
 * Infers schemas from JSON documents and reads documents under them, by Debezium's JsonSchemaData: objects are structs named by their path,
 * everything is optional, empty arrays and (unless told otherwise) nulls are left out.
 */
export class JsonSchemaInference {
  readonly #nulls: NullBehavior;
  readonly #fieldName: NameAdjuster;
  readonly #interner = new SchemaInterner(shapesMax);

  constructor(nulls: NullBehavior, fieldName: NameAdjuster) {
    this.#nulls = nulls;
    this.#fieldName = fieldName;
  }

  /** An object as a struct named `name`; null where the document is no object. Throws an Error for arrays of mixed items and the like. */
  read(name: string | null, document: JsonNode): Struct | null {
    if (document.kind !== 'object') return null;
    const schema = this.#schemaOf(name, document);
    return schema && structOf(document.members, this.#interner.intern(schema));
  }

  #schemaOf(path: string | null, node: JsonNode): Schema | null {
    switch (node.kind) {
      case 'string':
        return schemas.optionalString;
      case 'boolean':
        return schemas.optionalBoolean;
      case 'int32':
        return schemas.optionalInt32;
      case 'int64':
        return schemas.optionalInt64;
      case 'float64':
        return schemas.optionalFloat64;
      case 'big':
        throw new Error('an integer is beyond 64 bits');
      case 'null':
        return this.#nulls === 'optional_bytes' ? schemas.optionalBytes : null;
      case 'array':
        return node.items.length === 0 ? null : arraySchema(this.#itemSchema(path, node.items), { optional: true });
      case 'object':
        return this.#objectSchema(path, node.members);
    }
  }

  #objectSchema(path: string | null, members: ReadonlyMap<string, JsonNode>): Schema {
    const fields = new Map<string, Schema>();
    for (const [member, node] of members) {
      const name = this.#fieldName(member);
      const schema = this.#schemaOf(path === null || path.trim() === '' ? name : `${path}.${name}`, node);
      if (schema !== null && !fields.has(name)) fields.set(name, schema);
    }
    return structWith([...fields], { name: path, optional: true });
  }

  #itemSchema(path: string | null, items: readonly JsonNode[]): Schema {
    const sample = this.#homogeneous(items);
    if (sample.kind !== 'object') {
      const schema = this.#schemaOf(null, sample);
      if (schema === null) throw new Error('an array has items of no known type');
      return schema;
    }
    const distinct = new Map<string, Schema>();
    for (const item of items) {
      if (item.kind !== 'object') continue;
      const schema = this.#objectSchema(path, item.members);
      distinct.set(schemaText(schema), schema);
    }
    return [...distinct.values()].reduce(merged);
  }

  /** The first item that is not null; a null node where there is none. Throws an Error if others are of another type. */
  #homogeneous(items: readonly JsonNode[]): JsonNode {
    const others = items.filter(({ kind }) => kind !== 'null');
    const [first] = others;
    if (first === undefined) return { kind: 'null' };
    if (others.some(({ kind }) => kind !== first.kind)) throw new Error('an array has items of different types');
    return first;
  }
}

/** The fields of both; where both have one, the left one's, unless that is bytes (a null). No longer optional, as in the reference. */
function merged(left: Schema, right: Schema): Schema {
  const fields: NamedSchema[] = namedFields(left.fields);
  for (const { name, schema } of right.fields) {
    const at = fields.findIndex(([known]) => known === name);
    const known = fields[at]?.[1];
    if (known === undefined) fields.push([name, schema]);
    else if (known.type === 'bytes' && schema.type !== 'bytes') fields[at] = [name, schema];
  }
  return structWith(fields, basicsOf(left));
}

/** Members whose name was adjusted are not found again and stay null, as in the reference. */
function structOf(members: ReadonlyMap<string, JsonNode>, schema: Schema): Struct {
  return new Struct(
    schema,
    schema.fields.map(field => {
      const node = members.get(field.name);
      return node === undefined ? null : valueOfNode(node, field.schema);
    }),
  );
}

function valueOfNode(node: JsonNode, schema: Schema): Value {
  if (node.kind === 'null') return null;
  if (node.kind === 'array' && schema.type === 'array' && schema.valueSchema) {
    const items = schema.valueSchema;
    return node.items.map(item => valueOfNode(item, items));
  }
  if (node.kind === 'object' && schema.type === 'struct') return structOf(node.members, schema);
  // Items of an array may disagree on a member's type; the first one's stands, and the others do not fit it.
  if (node.kind !== schema.type || !('value' in node)) throw new Error('items of an array disagree on the type of a member');
  return node.value;
}
