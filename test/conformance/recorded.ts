/** JSON as it is compared: numbers stand as marked texts, so that none is rounded to a double. */
export type Recorded = null | boolean | string | Recorded[] | RecordedObject;
export type RecordedObject = { [name: string]: Recorded };

/** Marks a string that stands for a JSON number. */
export const numberMark = '\u0001';
/** Marks a transaction id: free in itself, but equal where the golden record's is equal. */
export const transactionMark = '\u0002';

export function isObject(value: Recorded | undefined): value is RecordedObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

/** Equal numbers give equal texts: integers exactly, others by their double's value. */
function numberText(token: string): string {
  return /^-?\d{1,21}$/.test(token) ? String(BigInt(token)) : String(Number(token));
}

/** Parses JSON with its numbers as marked texts. */
export function parseRecorded(text: string): Recorded {
  return JSON.parse(text.replace(tokens, token => (token[0] === '"' ? token : `"\\u0001${numberText(token)}"`))) as Recorded;
}

/** One text for all values that are equal but for the order of fields; transaction ids are all the same here. */
export function canonical(value: Recorded | undefined): string {
  if (typeof value === 'string' && value[0] === transactionMark) return '<id>';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return String(JSON.stringify(value));
  const fields = Object.keys(value).sort();
  return `{${fields.map(name => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
}

/** A key as it stands, its fields in their order: other bytes would be another key to partitioning and compaction. */
export function inOrder(key: Recorded): string {
  return JSON.stringify(key, (_, value: Recorded) => (typeof value === 'string' && value[0] === transactionMark ? '<id>' : value));
}

/** All transaction ids in a value, in the order of its field names. */
export function transactionIds(value: Recorded, found: string[] = []): string[] {
  if (typeof value === 'string') {
    if (value[0] === transactionMark) found.push(value.slice(1));
  } else if (Array.isArray(value)) for (const item of value) transactionIds(item, found);
  else if (isObject(value)) for (const name of Object.keys(value).sort()) transactionIds(value[name]!, found);
  return found;
}

/** A value as a reader of a message wants it. */
export function show(value: Recorded | undefined): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value)
    .replace(/"\\u0001([^"]*)"/g, '$1')
    .replaceAll('\\u0002', '');
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** The places where two values differ, as texts `path: expected ..., got ...`. */
export function differences(expected: Recorded | undefined, got: Recorded | undefined, path = '', found: string[] = []): string[] {
  if (canonical(expected) === canonical(got)) return found;
  if (isObject(expected) && isObject(got)) {
    for (const name of new Set([...Object.keys(expected), ...Object.keys(got)])) {
      differences(expected[name], got[name], path ? `${path}.${name}` : name, found);
    }
  } else if (Array.isArray(expected) && Array.isArray(got) && expected.length === got.length) {
    for (const [index, item] of expected.entries()) differences(item, got[index], `${path}[${index}]`, found);
  } else found.push(`${path}: expected ${show(expected)}, got ${show(got)}`);
  return found;
}
