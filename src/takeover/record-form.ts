import type { LogRecord } from '../contract/index.ts';

/** A JSON value whose numbers are the text they were written with: nothing of an int64 is lost. */
export type Form = null | boolean | string | Digits | readonly Form[] | { readonly [name: string]: Form };

/** A number as it stands in the record. */
export class Digits {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What a record is compared by: key, value and headers, without what differs with the moment of publishing. */
export type RecordForm = { readonly key: Form; readonly value: Form; readonly headers: Form };

/** When Debezium made the record, not when the row changed. */
const madeAt = ['ts_ms', 'ts_us', 'ts_ns'];
/** The same as fields or headers that ExtractNewRecordState adds. */
const addedMadeAt = /^__(?:ts_ms|ts_us|ts_ns)$/;
/** One run of a task has one. */
const runId = '__debezium.context.runId';
const same = '(differs with the moment)';

const reviving = JSON.parse as (text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown) => unknown;

/** Bytes as JSON where they are JSON, else as text; two texts of other bytes never become the same. */
function parsed(bytes: Uint8Array | null): Form {
  if (bytes === null) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (text.includes('\ufffd')) return Buffer.from(bytes).toString('base64');
  try {
    return reviving(text, (_key, value, { source }) => (typeof value === 'number' ? new Digits(source ?? String(value)) : value)) as Form;
  } catch {
    return text;
  }
}

function isObject(form: Form | undefined): form is { readonly [name: string]: Form } {
  return typeof form === 'object' && form !== null && !Array.isArray(form) && !(form instanceof Digits);
}

export function formOf({ key, value, headers }: Pick<LogRecord, 'key' | 'value' | 'headers'>): RecordForm {
  return {
    key: parsed(key),
    value: withoutMoments(parsed(value)),
    headers: headers.map(header => ({
      key: header.key,
      value: header.key === runId || addedMadeAt.test(header.key) ? same : parsed(header.value),
    })),
  };
}

function withoutMoments(value: Form): Form {
  if (!isObject(value)) return value;
  // What a JsonConverter with schemas wraps.
  if ('schema' in value && 'payload' in value && Object.keys(value).length === 2)
    return { ...value, payload: withoutMoments(value['payload']!) };
  const isEnvelope = isObject(value['source']) && 'op' in value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => {
      if ((isEnvelope && madeAt.includes(name)) || addedMadeAt.test(name)) return [name, field === null ? null : same];
      if (isEnvelope && name === 'source') return [name, sourceForm(field)];
      return [name, name === '__source_sequence' || name === '__sequence' ? sequenceForm(field) : field];
    }),
  );
}

function sourceForm(source: Form): Form {
  if (!isObject(source)) return source;
  return {
    ...source,
    ...('sequence' in source && { sequence: sequenceForm(source['sequence']!) }),
    // Of Debezium, which may be another release than the one whose records are made here.
    ...('version' in source && { version: same }),
  };
}

/** `["LSN of the last commit","LSN"]`: the first is what the reader saw before, which one that began later does not know. */
function sequenceForm(sequence: Form): Form {
  if (typeof sequence !== 'string') return sequence;
  return sequence.replace(/^\["?\w+"?,/, '[*,');
}

/** A text that is the same for the same form. */
export function formText(form: RecordForm): string {
  return JSON.stringify([form.key, form.value, form.headers], (_key, value: unknown) =>
    value instanceof Digits ? { '#': value.text } : value,
  );
}

/** Where two records differ: names of fields, never their values (invariant 8). */
export function differingPaths(a: RecordForm, b: RecordForm): readonly string[] {
  const paths: string[] = [];
  compare(a.key, b.key, 'key');
  compare(a.value, b.value, 'value');
  compare(a.headers, b.headers, 'headers');
  return paths;

  function compare(x: Form | undefined, y: Form | undefined, path: string): void {
    if (isObject(x) && isObject(y)) {
      for (const name of new Set([...Object.keys(x), ...Object.keys(y)])) compare(x[name], y[name], `${path}.${name}`);
      if (paths.length === 0 && Object.keys(x).join() !== Object.keys(y).join()) paths.push(`${path} (order of fields)`);
      return;
    }
    if (Array.isArray(x) && Array.isArray(y) && x.length === y.length) {
      for (const [index, item] of x.entries()) compare(item as Form, y[index] as Form, `${path}[${index}]`);
      return;
    }
    if (JSON.stringify(x) !== JSON.stringify(y)) paths.push(path);
  }
}
