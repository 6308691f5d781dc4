import { type Converter, type EventLog, type LogRecord, SluiceError, Struct } from '../../contract/index.ts';
import { soughtKey } from '../sink/sought-key.ts';
import { type OffsetRange, readRanges } from './read-ranges.ts';

/** Keys whose answer is remembered; then they are looked at again. */
const rememberedMax = 100_000;

/** Whether a record's key is one of those that a replay names; all are where it names none. */
export class WantedKeys {
  readonly #matches: readonly ((record: LogRecord) => boolean)[] | null;
  readonly #known = new Map<string, boolean>();

  constructor(keys: readonly string[] | null, converter: Pick<Converter, 'deserialize'>) {
    this.#matches = keys === null ? null : keys.map(key => soughtKey(key, converter));
  }

  has(record: LogRecord): boolean {
    if (this.#matches === null) return true;
    const { topic, key } = record;
    if (key === null) return false;
    const text = `${topic}/${Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')}`;
    let wanted = this.#known.get(text);
    if (wanted === undefined) {
      wanted = this.#matches.some(matches => matches(record));
      if (this.#known.size >= rememberedMax) this.#known.clear();
      this.#known.set(text, wanted);
    }
    return wanted;
  }
}

/**
 * Refuses keys that none of the topics can have, by the columns of the keys that they do have. Where the topics hold no keys, nothing is known, and
 * nothing refused. Throws SluiceError BAD_REQUEST.
 */
export async function refuseForeignKeys(
  keys: readonly string[],
  log: EventLog,
  ranges: readonly OffsetRange[],
  converter: Pick<Converter, 'deserialize'>,
  abort: AbortSignal,
): Promise<void> {
  const topics = new Map<string, readonly string[]>();
  for (const range of ranges) {
    if (topics.has(range.topic)) continue;
    const columns = await columnsOf(log, range, converter, abort);
    if (columns !== null) topics.set(range.topic, columns);
  }
  if (topics.size === 0) return;
  for (const [index, key] of keys.entries()) {
    const given = columnsGiven(key);
    if ([...topics.values()].some(columns => fits(given, columns))) continue;
    const shown = [...topics].slice(0, 3).map(([topic, columns]) => `${topic}: ${columns.length === 0 ? 'a value' : columns.join(', ')}`);
    // Its columns are shown, never its values (invariant 8).
    const what = given === null ? 'a single value' : given.join(', ');
    throw new SluiceError('BAD_REQUEST', `Entry ${index} of 'keys' (${what}) is no key here. The keys are of ${shown.join('; ')}.`);
  }
}

function fits(given: readonly string[] | null, columns: readonly string[]): boolean {
  if (given === null) return columns.length <= 1;
  return given.length === columns.length && given.every(name => columns.includes(name));
}

/** The names of the columns; null for a value by itself. */
function columnsGiven(key: string): readonly string[] | null {
  try {
    const parsed: unknown = JSON.parse(key);
    return typeof parsed === 'object' && parsed !== null ? Object.keys(parsed) : null;
  } catch {
    return null;
  }
}

/** The columns of the first key there is; none for a key that is a value by itself; null where there is no key that can be read. */
async function columnsOf(
  log: EventLog,
  range: OffsetRange,
  converter: Pick<Converter, 'deserialize'>,
  abort: AbortSignal,
): Promise<readonly string[] | null> {
  for await (const { records } of readRanges(log, [range], abort)) {
    for (const { topic, key: bytes } of records) {
      if (bytes === null) continue;
      try {
        const { value } = converter.deserialize(topic, bytes);
        if (value instanceof Struct) return value.schema.fields.map(({ name }) => name);
        if (value instanceof Map) return [...value.keys()].map(String);
        if (value !== null) return [];
      } catch {
        // A key that cannot be read says nothing of the others.
      }
    }
  }
  return null;
}
