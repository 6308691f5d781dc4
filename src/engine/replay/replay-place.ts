import { type PartitionOffset, SluiceError } from '../../contract/index.ts';
import { gtidSet } from '../position-order.ts';

/** Where a replay begins or ends, as it is given: a text, a time in milliseconds, or offsets by partition. */
export type GivenPlace = string | number | readonly { readonly topic: string; readonly partition: number; readonly offset: number }[];

/** The same, read. */
export type ReplayPlace =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'time'; readonly timestampMs: number }
  | { readonly kind: 'offsets'; readonly offsets: readonly PartitionOffset[] }
  | { readonly kind: 'position'; readonly position: string };

/** Less is in seconds, most likely: as milliseconds it is before March 1973. */
const epochMsMin = 100_000_000_000;
/** The largest time that a date can be. */
const epochMsMax = 8_640_000_000_000_000;

function refuse(name: string, message: string): SluiceError {
  return new SluiceError('BAD_REQUEST', `'${name}' ${message}`, { remedy: 'docs/replay.md shows how places are written.' });
}

/**
 * Reads `from` or `to`: `start`, `end`, a time (ISO 8601, or milliseconds since 1970), offsets (`TOPIC-PARTITION:OFFSET`, several with commas; or a
 * list of objects), or a source's position as `sluice status` shows it. Throws SluiceError BAD_REQUEST.
 */
export function readPlace(given: unknown, name: string): ReplayPlace {
  if (typeof given === 'number') return atTime(given, name);
  if (Array.isArray(given)) return { kind: 'offsets', offsets: given.map(one => placeOf(one, name)) };
  if (typeof given !== 'string') throw refuse(name, 'must be a text, a number or a list of offsets.');
  const text = given.trim();
  if (text === 'start' || text === 'end') return { kind: text };
  if (/^\d+$/.test(text)) return atTime(Number(text), name);
  if (/^\d{4}-\d{2}-\d{2}(?:$|[T ])/.test(text)) {
    const timestampMs = Date.parse(text);
    if (Number.isNaN(timestampMs)) throw refuse(name, `is no time that there is: '${text}'.`);
    return { kind: 'time', timestampMs };
  }
  // Before offsets: a GTID of one transaction looks like one.
  if (isPosition(text)) return { kind: 'position', position: text };
  const offsets = text.split(',').map(part => /^(.+)-(\d{1,9}):(\d{1,13})$/.exec(part.trim()));
  if (offsets.every(found => found !== null))
    return {
      kind: 'offsets',
      offsets: offsets.map(([, topic, partition, offset]) => ({ topic: topic!, partition: Number(partition), offset: BigInt(offset!) })),
    };
  throw refuse(
    name,
    `is start, end, a time such as 2026-08-01T12:00:00Z, milliseconds since 1970, offsets such as shop.public.orders-0:4711, or a source's position, not '${text}'.`,
  );
}

function isPosition(text: string): boolean {
  const [lsn, binlog, clusterTime] = [/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i, /^.+\.\d+:\d+$/, /^\d+:\d+$/];
  return [lsn, binlog, clusterTime].some(form => form.test(text)) || gtidSet(text) !== null;
}

function atTime(timestampMs: number, name: string): ReplayPlace {
  if (!Number.isSafeInteger(timestampMs) || timestampMs < 0 || timestampMs > epochMsMax)
    throw refuse(name, 'is no number of milliseconds since 1970.');
  if (timestampMs < epochMsMin)
    throw refuse(name, `looks like seconds: give milliseconds since 1970 (${timestampMs * 1000}), or 'start' for all there is.`);
  return { kind: 'time', timestampMs };
}

function placeOf(given: unknown, name: string): PartitionOffset {
  const { topic, partition, offset } = (typeof given === 'object' && given !== null ? given : {}) as Readonly<Record<string, unknown>>;
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (typeof topic !== 'string' || topic === '' || !isCount(partition) || !isCount(offset))
    throw refuse(name, 'as a list has entries such as {"topic": "shop.public.orders", "partition": 0, "offset": 4711}.');
  return { topic, partition, offset: BigInt(offset) };
}
