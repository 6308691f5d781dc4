import { documentText, documentWriter, type Row, type Schema } from '../../src/contract/index.ts';

/** A column with its text; `undefined`: the database did not send it; `null`: a null that has no text in this format. */
export type Cell = readonly [name: string, text: string | null | undefined];

type FieldWriter = { readonly name: string; readonly schema: Schema | null; readonly head: string };

const bySchema = new WeakMap<Schema, readonly FieldWriter[]>();

function fieldsOf(row: Row): readonly FieldWriter[] {
  if (row.schema === null) return [...row.fields.keys()].map(name => ({ name, schema: null, head: headOf(name) }));
  let fields = bySchema.get(row.schema);
  if (fields === undefined) {
    fields = row.schema.fields.map(({ name, schema }) => ({ name, schema, head: headOf(name) }));
    bySchema.set(row.schema, fields);
  }
  return fields;
}

function headOf(name: string): string {
  return `${JSON.stringify(name)}:`;
}

/** The columns as members of a JSON object, without its braces. */
export function jsonMembers(row: Row): string {
  let json = '';
  for (const { name, schema, head } of fieldsOf(row)) {
    if (json !== '') json += ',';
    json += head + documentWriter(schema)(row.fields.get(name) ?? null);
  }
  return json;
}

/** The columns as cells of JSON; nulls are `null`. */
export function jsonCells(row: Row, missing: readonly string[]): readonly Cell[] {
  return fieldsOf(row).map(({ name, schema }) => [
    name,
    missing.includes(name) ? undefined : documentWriter(schema)(row.fields.get(name) ?? null),
  ]);
}

/** The columns as cells of a hash, whose values are texts. */
export function hashCells(row: Row, missing: readonly string[]): readonly Cell[] {
  return fieldsOf(row).map(({ name, schema }) => [
    name,
    missing.includes(name) ? undefined : documentText(schema, row.fields.get(name) ?? null),
  ]);
}

/** Cells of JSON, none missing, as members of an object. */
export function cellsAsMembers(cells: readonly Cell[]): string {
  return cells.map(([name, text]) => headOf(name) + text).join(',');
}

/**
 * The members of a JSON object by name, each with its text as it stands, so that no number loses digits on the way. Null where the text is
 * no JSON object.
 */
export function splitMembers(json: string): ReadonlyMap<string, string> | null {
  try {
    const whole: unknown = JSON.parse(json);
    if (whole === null || typeof whole !== 'object' || Array.isArray(whole)) return null;
  } catch {
    return null;
  }
  const members = new Map<string, string>();
  let depth = 0;
  let start = json.indexOf('{') + 1;
  let name: string | null = null;
  // The text is known to be JSON: what matters are brackets, and commas and colons at the top, outside of strings.
  for (let at = start - 1; at < json.length; at++) {
    const sign = json[at];
    if (sign === '"') at = stringEnd(json, at);
    else if (sign === '{' || sign === '[') depth++;
    else if (sign === ':' && depth === 1 && name === null) {
      name = JSON.parse(json.slice(start, at)) as string;
      start = at + 1;
    } else if (sign === ',' && depth === 1) {
      members.set(name!, json.slice(start, at).trim());
      name = null;
      start = at + 1;
    } else if ((sign === '}' || sign === ']') && --depth === 0 && name !== null) members.set(name, json.slice(start, at).trim());
  }
  return members;
}

/** The place of the quote that closes the string which begins here. */
function stringEnd(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}
