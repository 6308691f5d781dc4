import { type Change, documentText, nearest, type Row, type SinkRecord, SluiceError } from '../../src/contract/index.ts';
import { escapeGlob, type FieldOrigin, type KeyTemplate, type TemplatePart } from './key-template.ts';

/** Which image of the row a template is filled from. */
type Image = 'after' | 'before';

/** What a field has to say: its text; null: the row has a null there, and so no such key; unknown: the record does not say. */
type Text = { readonly text: string } | 'null' | 'unknown';

const unknown = 'unknown';

/** The row of an image, and where a record has nothing to say of it, its key alone. */
function rowsFor(origin: FieldOrigin, image: Image, change: Change): readonly (Row | null)[] {
  const own = image === 'after' ? change.after : change.before;
  switch (origin) {
    case 'row':
      return [own, change.key];
    case 'after':
      return [image === 'after' ? change.after : null];
    case 'before':
      return [image === 'before' ? change.before : null];
    case 'key':
      return [change.key];
    case 'source':
      return [change.source];
  }
}

/** Refuses a record by a template: the message names both, never a value. */
export function templateError(template: KeyTemplate, record: SinkRecord, reason: string, remedy?: string): SluiceError {
  return new SluiceError('RECORD_REFUSED', `'${template.text}' cannot be filled from a record of ${record.topic}: ${reason}.`, {
    ...(remedy && { remedy }),
  });
}

function fieldText(
  part: Extract<TemplatePart, { kind: 'field' }>,
  image: Image,
  change: Change,
  template: KeyTemplate,
  record: SinkRecord,
): Text {
  const rows = rowsFor(part.origin, image, change).filter(row => row !== null);
  const row = rows.find(({ fields }) => fields.has(part.name));
  if (row === undefined) {
    if (rows.length === 0 || (part.origin === 'row' && !describes(image, change))) return unknown;
    const near = nearest(
      part.name,
      rows.flatMap(({ fields }) => [...fields.keys()]),
    );
    throw templateError(template, record, `there is no field '${part.name}'${near ? `; did you mean '${near}'?` : ''}`);
  }
  if (row === change.after && change.missing.includes(part.name)) return unknown;
  const value = row.fields.get(part.name) ?? null;
  if (value === null) return row === change.before && keyAlone(change) ? unknown : 'null';
  const schema = row.schema?.field(part.name)?.schema ?? null;
  const type = schema?.type;
  if (type === 'struct' || type === 'array' || type === 'map' || (typeof value === 'object' && !(value instanceof Uint8Array))) {
    const text = documentText(schema, value);
    // A decimal of any scale is a struct, and yet one number.
    if (text === null || /^[[{]/.test(text)) throw templateError(template, record, `the field '${part.name}' is no single value`);
    return { text };
  }
  return { text: documentText(schema, value) ?? '' };
}

/** Refuses a record of a topic that has no template. */
export function noTemplate(topic: string): SluiceError {
  return new SluiceError('RECORD_REFUSED', `No key template is for the topic ${topic}.`, {
    remedy: `Set redis.keys, or redis.keys.${topic}.`,
  });
}

/** Whether the record has the row of this image: without it, a field that is not there may be a column all the same. */
function describes(image: Image, change: Change): boolean {
  return (image === 'after' ? change.after : change.before) !== null;
}

/**
 * Whether `before` holds no more than the key, as without REPLICA IDENTITY FULL: all its other columns are null then. A row that really
 * has nothing but nulls there looks the same.
 */
function keyAlone({ before, key }: Change): boolean {
  if (before === null) return true;
  for (const [name, value] of before.fields) if (value !== null && !key?.fields.has(name) && name !== '__deleted') return false;
  return true;
}

function wholeKey(template: KeyTemplate, record: SinkRecord): string {
  const { key, keySchema } = record;
  const text = key === null ? null : documentText(keySchema, key);
  if (text === null) throw templateError(template, record, 'it has no key');
  if (typeof key === 'object' && !(key instanceof Uint8Array))
    throw templateError(template, record, 'its key has fields: name one of them, as {key.id}');
  return text;
}

/**
 * The key that an image of the record's row has by a template: its text, null where a field is null, so that there is no such key, or
 * `{ unknown }` where the record does not say. Throws RECORD_REFUSED for fields that are not there or no single value.
 */
export function filledKey(
  template: KeyTemplate,
  image: Image,
  change: Change,
  record: SinkRecord,
): { readonly text: string } | { readonly unknown: string } | null {
  let filled = '';
  for (const part of template.parts) {
    let text: string;
    if (part.kind === 'text') {
      filled += part.text;
      continue;
    }
    if (part.kind === 'topic') text = record.topic;
    else if (part.kind === 'wholeKey') text = wholeKey(template, record);
    else {
      const field = fieldText(part, image, change, template, record);
      if (field === 'null') return null;
      if (field === unknown) return { unknown: part.name };
      text = field.text;
    }
    filled += template.pattern ? escapeGlob(text) : text;
  }
  return { text: filled };
}

/** A pattern of all keys of the template, whatever the row: for a truncated table. Null where it would be all keys of the server. */
export function patternOfAll(template: KeyTemplate, record: SinkRecord): string | null {
  const parts = template.parts.map(part => {
    if (part.kind === 'text') return template.pattern ? part.text : escapeGlob(part.text);
    return part.kind === 'topic' ? escapeGlob(record.topic) : '*';
  });
  const pattern = parts.join('').replace(/\*+/g, '*');
  return /^[*?]/.test(pattern) ? null : pattern;
}
