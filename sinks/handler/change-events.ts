import { isDeepStrictEqual } from 'node:util';
import { type Change, type Row, readChange, type SinkRecord, SluiceError } from '../../src/contract/index.ts';
import type { ChangeEvent, CreateEvent, DeleteEvent, EventKey, TruncateEvent, UpdateEvent } from './api.ts';
import { plainRow, plainValue } from './plain-value.ts';
import type { Tombstones } from './tombstones.ts';

/** An event, named by the function it is for. */
export type Dispatch =
  | { readonly name: 'onCreate'; readonly event: CreateEvent<object> }
  | { readonly name: 'onUpdate'; readonly event: UpdateEvent<object> }
  | { readonly name: 'onDelete'; readonly event: DeleteEvent<object> }
  | { readonly name: 'onTruncate'; readonly event: TruncateEvent };

/**
 * The event that a record is; null for what is none: a message, a heartbeat, the tombstone behind a delete. Throws SluiceError
 * RECORD_REFUSED where the record does not say which event it is.
 */
export function eventOf(record: SinkRecord, replayed: boolean, unavailable: string, tombstones: Tombstones): Dispatch | null {
  const change = readChange(record, unavailable);
  if (record.value === null && !tombstones.areDeletes(record.topic)) return null;
  switch (change.kind) {
    case 'none':
      refuseUnread(record, change);
      return null;
    case 'truncate':
      return { name: 'onTruncate', event: common(record, change, replayed) };
    case 'delete': {
      const before = change.before === null ? null : plainRow(change.before);
      return { name: 'onDelete', event: { ...common(record, change, replayed), before, after: null } };
    }
    case 'upsert':
      return upsertOf(record, change, change.after!, replayed);
  }
}

function upsertOf(record: SinkRecord, change: Change, row: Row, replayed: boolean): Dispatch {
  // ExtractNewRecordState writes the operation there when it is told to.
  const operation = change.operation ?? row.fields.get('__op') ?? null;
  const after = plainRow(row, change.missing);
  const event = { ...common(record, change, replayed), operation: String(operation), missing: change.missing as readonly never[] };
  if (operation === 'c' || operation === 'r') return { name: 'onCreate', event: { ...event, before: null, after } };
  if (operation === 'u') {
    const before = change.before === null ? null : plainRow(change.before);
    const changed = before === null ? null : (differing(before, after, change.missing) as ReadonlySet<never>);
    return { name: 'onUpdate', event: { ...event, before, after, changed } };
  }
  throw new SluiceError(
    'RECORD_REFUSED',
    `A record of topic '${record.topic}' is a row without an envelope, which does not say whether it was made or changed.`,
    { remedy: 'Take the transform ExtractNewRecordState away, or give it add.fields=op.' },
  );
}

/** A row that nobody could read must not pass for a message or a heartbeat (invariant 5). */
function refuseUnread({ topic, value }: SinkRecord, { operation }: Change): void {
  if (operation !== null && operation !== 'm')
    throw new SluiceError('RECORD_REFUSED', `A record of topic '${topic}' holds a document as text, not its fields.`, {
      remedy: 'Unwrap it with the transform ExtractNewDocumentState and add.fields=op.',
    });
  if (typeof value !== 'object' || value instanceof Uint8Array || Array.isArray(value))
    throw new SluiceError('RECORD_REFUSED', `The value of a record of topic '${topic}' is not made of fields.`, {
      remedy: 'Set value.converter to the one that the topic was written with.',
    });
}

function common(record: SinkRecord, change: Change, replayed: boolean): ChangeEvent {
  const { topic, place, version } = record;
  const key: EventKey = change.key === null ? null : plainRow(change.key);
  return {
    topic,
    key,
    operation: change.operation,
    source: change.source === null ? null : plainRow(change.source),
    changedAtMs: change.changedAtMs,
    headers: Object.fromEntries(record.headers.map(header => [header.key, plainValue(header.value, header.schema)])),
    place,
    version,
    replayed,
  };
}

type Plain = Readonly<Record<string, unknown>>;

/** The names whose values differ, but for those of which the later value is not known. */
function differing(before: Plain, after: Plain, missing: readonly string[]): ReadonlySet<string> {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const name of names) if (missing.includes(name) || isDeepStrictEqual(before[name], after[name])) names.delete(name);
  return names;
}
