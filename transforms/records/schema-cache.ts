import type { Header, Schema } from '../../src/contract/index.ts';

/**
 * What a transform compiles for an input schema, found again by the schema's identity. Records come in runs of one table, so the last
 * schema is looked at first. A compilation that throws is tried again with the next record.
 */
export function perSchema<Compiled>(compile: (schema: Schema) => Compiled): (schema: Schema) => Compiled {
  const known = new WeakMap<Schema, { readonly compiled: Compiled }>();
  let lastSchema: Schema | null = null;
  let last: { readonly compiled: Compiled } | null = null;
  return schema => {
    if (schema === lastSchema && last !== null) return last.compiled;
    let entry = known.get(schema);
    if (entry === undefined) {
      entry = { compiled: compile(schema) };
      known.set(schema, entry);
    }
    lastSchema = schema;
    last = entry;
    return entry.compiled;
  };
}

const topicsMax = 4096;

/** What a pure function of the topic's name gives, kept for up to 4,096 names. */
export function perTopic<Result>(compute: (topic: string) => Result): (topic: string) => Result {
  const known = new Map<string, Result>();
  return topic => {
    const found = known.get(topic);
    if (found !== undefined) return found;
    const result = compute(topic);
    if (known.size >= topicsMax) known.clear();
    known.set(topic, result);
    return result;
  };
}

/** A map of header arrays that answers one array for one array, so that converters find its bytes again by identity. */
export function perHeaders(change: (headers: readonly Header[]) => readonly Header[]): (headers: readonly Header[]) => readonly Header[] {
  let lastInput: readonly Header[] | null = null;
  let lastOutput: readonly Header[] = [];
  return headers => {
    if (headers !== lastInput) {
      lastOutput = change(headers);
      lastInput = headers;
    }
    return lastOutput;
  };
}
