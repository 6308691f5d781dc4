import type { Schema } from '../../src/contract/index.ts';
import { isJsonRecord, type JsonRecord, within } from './json-object.ts';
import { logicalTypes } from './logical-text.ts';

/** A text is searched by its words, and as a whole for sorting and exact matches. */
const text = { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } } as const;

/**
 * How a field of this schema is mapped. Whole numbers are `long` whatever their size, so that a column that is made wider still fits;
 * decimals are `double`, of which the document itself keeps every digit.
 */
export function fieldMapping(schema: Schema, compactMaps: boolean): JsonRecord {
  const logical = schema.name === null ? undefined : logicalTypes.get(schema.name);
  if (logical) return logical.mapping;
  switch (schema.type) {
    case 'boolean':
      return { type: 'boolean' };
    case 'float32':
    case 'float64':
      return { type: 'double' };
    case 'string':
      return text;
    case 'bytes':
      return { type: 'binary' };
    case 'array':
      return schema.valueSchema === null ? {} : fieldMapping(schema.valueSchema, compactMaps);
    case 'map':
      return mapMapping(schema, compactMaps);
    case 'struct':
      return { properties: rowProperties(schema, compactMaps) };
    default:
      return { type: 'long' };
  }
}

function mapMapping({ keySchema, valueSchema }: Schema, compactMaps: boolean): JsonRecord {
  if (keySchema === null || valueSchema === null || (compactMaps && keySchema.type === 'string')) return { type: 'object', dynamic: true };
  return { properties: { key: fieldMapping(keySchema, compactMaps), value: fieldMapping(valueSchema, compactMaps) } };
}

/** The mapping of a row's fields, by name. */
export function rowProperties(schema: Schema, compactMaps: boolean): JsonRecord {
  return Object.fromEntries(
    schema.fields.filter(({ name }) => name !== '_id').map(field => [field.name, fieldMapping(field.schema, compactMaps)]),
  );
}

/** `wanted` without what `present` maps already, so that it can be added to it; fields of objects are gone into. */
export function missingProperties(wanted: JsonRecord, present: JsonRecord): JsonRecord {
  const missing: [string, unknown][] = [];
  for (const [name, mapping] of Object.entries(wanted)) {
    const there = present[name];
    if (!isJsonRecord(there) || !isJsonRecord(mapping)) {
      if (there === undefined) missing.push([name, mapping]);
      continue;
    }
    // A field given another type stays what it is: documents that do not fit are refused one by one.
    if (!isJsonRecord(mapping['properties']) || !isJsonRecord(there['properties'])) continue;
    const inner = missingProperties(mapping['properties'], there['properties']);
    if (Object.keys(inner).length > 0) missing.push([name, { properties: inner }]);
  }
  return Object.fromEntries(missing);
}

/** Fields that both map, and to different types, by path: what `wanted` names cannot be had in an index that has `present`. */
export function conflictingFields(wanted: JsonRecord, present: JsonRecord, path = ''): readonly string[] {
  return Object.entries(wanted).flatMap(([name, mapping]) => {
    const there = present[name];
    if (!isJsonRecord(mapping) || !isJsonRecord(there)) return [];
    const [mine, theirs] = [typeOf(mapping), typeOf(there)];
    if (mine !== theirs) return [`${path}${name} (${theirs} there, ${mine} wanted)`];
    return conflictingFields(within(mapping, 'properties'), within(there, 'properties'), `${path}${name}.`);
  });
}

function typeOf(mapping: JsonRecord): string {
  return typeof mapping['type'] === 'string' ? mapping['type'] : 'object';
}
