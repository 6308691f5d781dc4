import { randomUUID } from 'node:crypto';
import { SluiceError } from '../../contract/index.ts';
import type { ExpectedVersion, NewEvent, ReadOptions, StreamAppend, StreamId, StreamRetention } from './event-store.ts';
import { jsonText } from './json-text.ts';
import type { PreparedAppend, PreparedEvent, ReadRange } from './storage.ts';
import { checkStream, formatStream, nameFault } from './stream-id.ts';
import type { CompiledUpcasters } from './upcasters.ts';

/** Types that begin so are the store's own. */
const reservedTypes = '$';
/** What deleting a stream publishes. Its data is `{mode}`. */
export const streamDeletedType = '$stream-deleted';

/** Most events of one append, all its streams together. */
export const appendEventsMax = 10_000;
/** Most bytes of an event's data and metadata as JSON: it has to fit into one record of the log, 1 MiB. */
export const eventBytesMax = 1_000_000;

export const readLimitDefault = 1000;
export const readLimitMax = 10_000;

/** The end of the year 9999: a later moment has no common form as text. */
export const timestampMsMax = 253_402_300_799_999;

const invalid = (message: string) => new SluiceError('EVENT_INVALID', message);
const whole = (value: number) => Number.isSafeInteger(value);

/** A UUID of version 7: rises with time, so that an index of ids grows at its end. */
export function newEventId(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** The event that tells of a deletion. */
export function deletionEvent(mode: 'soft' | 'hard', nowMs: number): PreparedEvent {
  return {
    ...{ id: newEventId(nowMs), idGiven: false, type: streamDeletedType, dataText: `{"mode":"${mode}"}`, metadataText: '{}' },
    ...{ schemaVersion: 1, timestampMs: nowMs },
  };
}

function preparedEvent(event: NewEvent, of: string, nowMs: number, upcasters: CompiledUpcasters): PreparedEvent {
  const { id, type, schemaVersion = 1, timestampMs = nowMs } = event;
  const fault = nameFault('event type', type) ?? (id === undefined ? null : nameFault('event id', id));
  if (fault !== null) throw invalid(`${of}: ${fault}`);
  if (type.startsWith(reservedTypes)) throw invalid(`${of}: the type '${type}' begins with '${reservedTypes}', which is the store’s own.`);
  if (!whole(schemaVersion) || schemaVersion < 1) throw invalid(`${of} (${type}): schemaVersion is no whole number from 1 on.`);
  upcasters.check(type, schemaVersion, of);
  if (!whole(timestampMs) || timestampMs < 0 || timestampMs > timestampMsMax)
    throw invalid(`${of} (${type}): timestampMs is no whole number of milliseconds between 1970 and the end of 9999.`);
  const dataText = jsonText(event.data, `${of} (${type})`, 'data');
  const metadata = event.metadata ?? {};
  if (typeof metadata !== 'object' || Array.isArray(metadata)) throw invalid(`${of} (${type}): metadata is no object.`);
  const metadataText = jsonText(metadata, `${of} (${type})`, 'metadata');
  if (dataText.length + metadataText.length > eventBytesMax / 3) {
    const bytes = Buffer.byteLength(dataText) + Buffer.byteLength(metadataText);
    if (bytes > eventBytesMax) throw invalid(`${of} (${type}) has ${bytes} bytes as JSON, at most ${eventBytesMax} are taken.`);
  }
  return { id: id ?? newEventId(nowMs), idGiven: id !== undefined, type, dataText, metadataText, schemaVersion, timestampMs };
}

function checkExpected(expected: ExpectedVersion, stream: StreamId): void {
  if (expected === 'any' || expected === 'none' || expected === 'exists') return;
  if (typeof expected === 'bigint' && expected >= 0n) return;
  throw invalid(`expectedVersion of ${formatStream(stream)} is none of any, none, exists and a bigint from 0n on.`);
}

/**
 * Appends as a storage takes them: everything checked, defaults put in, JSON made. Throws SluiceError EVENT_INVALID, before anything is
 * stored.
 */
export function preparedAppends(appends: readonly StreamAppend[], nowMs: number, upcasters: CompiledUpcasters): readonly PreparedAppend[] {
  if (appends.length === 0) throw invalid('There is no stream to append to.');
  const streams = new Set<string>();
  const givenIds = new Set<string>();
  let count = 0;
  return appends.map(({ stream, events, expectedVersion = 'any' }) => {
    checkStream(stream);
    const name = formatStream(stream);
    if (streams.has(name)) throw invalid(`The stream ${name} comes twice in one append: put its events together.`);
    streams.add(name);
    checkExpected(expectedVersion, stream);
    if (events.length === 0) throw invalid(`There is no event to append to ${name}.`);
    count += events.length;
    if (count > appendEventsMax) throw invalid(`An append takes at most ${appendEventsMax} events: divide it.`);
    const prepared = events.map((event, index) => preparedEvent(event, `Event ${index + 1} for ${name}`, nowMs, upcasters));
    for (const { id, idGiven } of prepared) {
      if (!idGiven) continue;
      if (givenIds.has(id)) throw invalid(`The event id '${id}' comes twice in one append.`);
      givenIds.add(id);
    }
    return { stream: { type: stream.type, id: stream.id }, events: prepared, expectedVersion };
  });
}

function limitOf(limit: number | undefined): number {
  const chosen = limit ?? readLimitDefault;
  if (whole(chosen) && chosen >= 1 && chosen <= readLimitMax) return chosen;
  throw invalid(`limit is no whole number from 1 to ${readLimitMax}.`);
}

function place(name: string, value: bigint | undefined, least: bigint): bigint | null {
  if (value === undefined) return null;
  if (typeof value === 'bigint' && value >= least) return value;
  throw invalid(`${name} is no bigint from ${least}n on.`);
}

/** What is to be read of a stream, checked. Throws SluiceError EVENT_INVALID. */
export function readRange({ from, to, direction = 'forwards', limit }: ReadOptions = {}): ReadRange {
  if (direction !== 'forwards' && direction !== 'backwards') throw invalid('direction is neither forwards nor backwards.');
  if (to !== undefined && direction === 'backwards') throw invalid('to is of reading forwards only: backwards, limit tells where to stop.');
  return { from: place('from', from, 1n), to: place('to', to, 0n), direction, limit: limitOf(limit) };
}

/** Throws SluiceError EVENT_INVALID. */
export function allRange(after: bigint, limit: number | undefined): number {
  place('after', after, 0n);
  return limitOf(limit);
}

/** Throws SluiceError EVENT_INVALID. */
export function checkRetention({ eventsMax, ageMsMax }: StreamRetention): void {
  if (eventsMax !== null && !(whole(eventsMax) && eventsMax >= 1)) throw invalid('eventsMax is neither null nor a whole number from 1 on.');
  if (ageMsMax !== null && !(whole(ageMsMax) && ageMsMax >= 1)) throw invalid('ageMsMax is neither null nor a whole number from 1 on.');
}

/** Throws SluiceError EVENT_INVALID. */
export function checkDeletion(stream: StreamId, mode: 'soft' | 'hard', expectedVersion: ExpectedVersion): void {
  checkStream(stream);
  if (mode !== 'soft' && mode !== 'hard') throw invalid('A stream is deleted soft or hard.');
  checkExpected(expectedVersion, stream);
}
