import { exactIntegers, mayHoldLongIntegers, nearest } from '../../contract/index.ts';
import type {
  EventJson,
  EventJsonObject,
  EventMetadata,
  ExpectedVersion,
  NewEvent,
  StreamAppend,
} from '../../services/event-store/event-store.ts';
import { parseStream } from '../../services/event-store/stream-id.ts';
import { RequestError } from '../answer.ts';
import { parseJson } from '../request-body.ts';
import type { RestRequest } from '../router.ts';

const eventFields = ['id', 'type', 'data', 'metadata', 'schemaVersion', 'timestamp'];

const bad = (message: string) => new RequestError(400, message);

function objectIn(value: unknown, what: string, known: readonly string[]): EventJsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(`${what} must be a JSON object.`);
  const unknown = Object.keys(value).find(name => !known.includes(name));
  if (unknown === undefined) return value as EventJsonObject;
  const near = nearest(unknown, known);
  throw bad(`${what} has no "${unknown}"${near ? `; did you mean "${near}"?` : ` (known are ${known.join(', ')}).`}`);
}

/**
 * A body in which integers keep their digits. One beyond what any number may be stays infinite, since reading a million digits takes a third of a second:
 * whoever checks the event refuses it with its place. Throws 400.
 */
function exactJson({ body }: RestRequest): unknown {
  if (!mayHoldLongIntegers(body)) return parseJson(body);
  return parseJson(body, (name, value, context) =>
    value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY ? value : exactIntegers(name, value, context),
  );
}

/** A number of a request: of a version or a position. Throws 400. */
export function wholeNumber(text: string, name: string): bigint {
  if (!/^\d{1,19}$/.test(text)) throw bad(`'${name}' must be a whole number from 0 on.`);
  return BigInt(text);
}

/** `timestamp` of an event: ISO 8601. */
function momentOf(value: EventJson, what: string): number {
  const ms = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw bad(`${what}: "timestamp" must be a moment in ISO 8601, such as 2026-01-31T12:00:00.000Z.`);
  return ms;
}

/** What the store itself does not check, since its types do. */
function eventOf(value: unknown, index: number, userId: string | null): NewEvent {
  const what = `Event ${index + 1}`;
  const { id, type, data, metadata, schemaVersion, timestamp } = objectIn(value, what, eventFields);
  if (typeof type !== 'string') throw bad(`${what}: "type" must be a text.`);
  if (data === undefined) throw bad(`${what}: "data" is missing.`);
  if (id !== undefined && typeof id !== 'string') throw bad(`${what}: "id" must be a text.`);
  if (schemaVersion !== undefined && typeof schemaVersion !== 'number') throw bad(`${what}: "schemaVersion" must be a number.`);
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)))
    throw bad(`${what}: "metadata" must be a JSON object.`);
  return {
    ...(id !== undefined && { id }),
    type,
    data,
    metadata: withUser(metadata as EventMetadata | undefined, userId),
    ...(schemaVersion !== undefined && { schemaVersion }),
    ...(timestamp !== undefined && { timestampMs: momentOf(timestamp, what) }),
  };
}

/** Who calls; null where nobody has to log in. */
function userOf({ principal }: RestRequest): string | null {
  return principal === null || principal.by === 'none' ? null : principal.name;
}

/** Where the caller does not say on whose behalf it acts, it is its own. */
function withUser(metadata: EventMetadata = {}, userId: string | null): EventMetadata {
  return userId === null || metadata.userId !== undefined ? metadata : { ...metadata, userId };
}

function eventsOf(value: EventJson | undefined, userId: string | null): readonly NewEvent[] {
  if (!Array.isArray(value)) throw bad('"events" must be a list of events: {"type": ..., "data": ...}.');
  return value.map((event: unknown, index) => eventOf(event, index, userId));
}

function expectedIn(value: EventJson | undefined): ExpectedVersion | null {
  if (value === undefined) return null;
  if (value === 'any' || value === 'none' || value === 'exists') return value;
  if (typeof value === 'bigint' && value > 0n) return value;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw bad('"expectedVersion" must be any, none, exists, or a version: a whole number from 0 on.');
}

/** What a request's headers expect of a stream: `If-Match: "3"` that version, `If-Match: *` that it exists, `If-None-Match: *` that it does not. */
export function expectedByHeaders({ header }: RestRequest): ExpectedVersion | null {
  const [match, noneMatch] = [header('if-match'), header('if-none-match')];
  if (match !== null && noneMatch !== null) throw bad('Give If-Match or If-None-Match, not both.');
  if (noneMatch !== null) {
    if (noneMatch.trim() === '*') return 'none';
    throw bad('If-None-Match must be *: the stream does not exist yet.');
  }
  if (match === null) return null;
  if (match.trim() === '*') return 'exists';
  const version = /^\s*(?:W\/)?(?:"(\d{1,19})"|(\d{1,19}))\s*$/.exec(match);
  if (version === null) throw bad('If-Match must be * or a version, such as "3".');
  return BigInt(version[1] ?? version[2]!);
}

/** The body and the headers of an append to one stream. Throws 400. */
export function appendOf(request: RestRequest): Pick<StreamAppend, 'events'> & { readonly expectedVersion: ExpectedVersion } {
  const body = objectIn(exactJson(request), 'The request', ['events', 'expectedVersion']);
  const [given, byHeaders] = [expectedIn(body['expectedVersion']), expectedByHeaders(request)];
  if (given !== null && byHeaders !== null && given !== byHeaders) throw bad('"expectedVersion" and If-Match expect different versions.');
  return { events: eventsOf(body['events'], userOf(request)), expectedVersion: byHeaders ?? given ?? 'any' };
}

/** The body of an append to several streams. Throws 400. */
export function appendsOf(request: RestRequest): readonly StreamAppend[] {
  const user = userOf(request);
  const { appends } = objectIn(exactJson(request), 'The request', ['appends']);
  if (!Array.isArray(appends)) throw bad('"appends" must be a list: {"stream": "order:1", "events": [...], "expectedVersion": ...}.');
  return appends.map((value: unknown, index) => {
    const append = objectIn(value, `Append ${index + 1}`, ['stream', 'events', 'expectedVersion']);
    if (typeof append['stream'] !== 'string') throw bad(`Append ${index + 1}: "stream" must be a text: type:id.`);
    const stream = parseStream(append['stream']);
    return { stream, events: eventsOf(append['events'], user), expectedVersion: expectedIn(append['expectedVersion']) ?? 'any' };
  });
}

/** `{"eventsMax": 100, "ageMsMax": null}`; what is left out is null: no limit. Throws 400. */
export function retentionOf({ body }: RestRequest): { readonly eventsMax: number | null; readonly ageMsMax: number | null } {
  const fields = objectIn(parseJson(body), 'The request', ['eventsMax', 'ageMsMax']);
  const numberIn = (name: string) => {
    const value = fields[name] ?? null;
    if (value !== null && typeof value !== 'number') throw bad(`"${name}" must be a number, or null for no limit.`);
    return value;
  };
  return { eventsMax: numberIn('eventsMax'), ageMsMax: numberIn('ageMsMax') };
}
