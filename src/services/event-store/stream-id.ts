import { SluiceError } from '../../contract/index.ts';
import type { StreamId } from './event-store.ts';

/** Longest type and id of an aggregate, and longest type and id of an event, in UTF-16 code units. */
export const nameLengthMax = 255;

const control = /\p{Cc}/u;

/** Why a text cannot name anything here; null where it can. `what` is the name's own name: `stream id`. */
export function nameFault(what: string, name: unknown): string | null {
  if (typeof name !== 'string') return `The ${what} is no text.`;
  if (name === '') return `The ${what} is empty.`;
  if (name.length > nameLengthMax) return `The ${what} has ${name.length} characters, at most ${nameLengthMax} are taken.`;
  if (control.test(name) || !name.isWellFormed()) return `The ${what} holds a control character or half of a surrogate pair.`;
  return null;
}

/** Throws SluiceError EVENT_INVALID for a stream that cannot be one. */
export function checkStream({ type, id }: StreamId): void {
  const fault =
    nameFault('stream type', type) ??
    (type.includes(':') ? `The stream type '${type}' holds a colon, which ends the type in 'type:id'.` : null) ??
    nameFault(`id of the stream of type '${type}'`, id);
  if (fault !== null) throw new SluiceError('EVENT_INVALID', fault);
}

/** `type:id`. */
export function formatStream({ type, id }: StreamId): string {
  return `${type}:${id}`;
}

/** Reads `type:id`; the id may hold colons. Throws SluiceError EVENT_INVALID. */
export function parseStream(text: string): StreamId {
  const end = text.indexOf(':');
  if (end < 0) throw new SluiceError('EVENT_INVALID', `'${text}' names no stream: write type:id, such as order:4711.`);
  const stream: StreamId = { type: text.slice(0, end), id: text.slice(end + 1) };
  checkStream(stream);
  return stream;
}
