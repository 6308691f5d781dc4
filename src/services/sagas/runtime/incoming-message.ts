import { type JsonObject, type JsonValue, type LogRecord, SluiceError } from '../../../contract/index.ts';
import type { MessageMatch, SagaMessage } from '../saga.ts';

/** Headers and fields that a message is told by. */
export const typeHeader = 'type';
export const keyHeader = 'idempotencyKey';

/** An instance holds what its messages say, and is one record of the log: brokers take 1 MiB. */
const messageBytesMax = 256 * 1024;

/** An instance is known by it, in keys and in the index of a table. */
const correlationBytesMax = 2_000;

/** A record of a topic that sagas listen to, as far as it can be read without knowing whose it is. */
export type ReadMessage = Omit<SagaMessage, 'correlationId'>;

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textIn = (value: JsonValue | undefined): string | null => (typeof value === 'string' ? value : null);

/**
 * Reads a record. Its data is the value itself or, of an event as Sluice's event store publishes it, the value's `data`; of Connect's JSON with a
 * schema, the payload. Type and idempotency key are headers, else fields of the value. null: a tombstone, which says nothing. Throws SluiceError
 * MESSAGE_UNREADABLE, never with a part of the value.
 */
export function readMessage(record: LogRecord): ReadMessage | null {
  if (record.value === null) return null;
  if (record.value.length > messageBytesMax)
    throw new SluiceError('MESSAGE_UNREADABLE', `${placeOf(record)} has ${record.value.length} bytes; a saga takes ${messageBytesMax}.`, {
      remedy: 'Publish what is large elsewhere, and its place in the message.',
    });
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(Buffer.from(record.value.buffer, record.value.byteOffset, record.value.length).toString('utf8')) as JsonValue;
  } catch {
    throw new SluiceError('MESSAGE_UNREADABLE', `${placeOf(record)} is not JSON.`);
  }
  const value = isObject(parsed) && 'payload' in parsed && 'schema' in parsed ? parsed['payload']! : parsed;
  if (!isObject(value)) throw new SluiceError('MESSAGE_UNREADABLE', `${placeOf(record)} is no JSON object.`);
  const envelope = isObject(value['data']) && textIn(value['type']) !== null;
  return {
    topic: record.topic,
    type: headerOf(record, typeHeader) ?? textIn(value['type']),
    idempotencyKey: headerOf(record, keyHeader) ?? textIn(value[keyHeader]),
    data: envelope ? (value['data'] as JsonObject) : value,
  };
}

/** The id that tells one affair from another, by its path in the data. Throws SluiceError MESSAGE_UNREADABLE where there is none. */
export function correlationOf(data: JsonObject, path: string, record: LogRecord): string {
  let value: JsonValue | undefined = data;
  for (const name of path.split('.')) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string' && value !== '') {
    // Half of a surrogate pair is the same in UTF-8 as any other half.
    if (value.isWellFormed() && !value.includes('\0') && Buffer.byteLength(value) <= correlationBytesMax) return value;
    const problem = `'${path}' has more than ${correlationBytesMax} bytes, U+0000 or half of a surrogate pair`;
    throw new SluiceError('MESSAGE_UNREADABLE', `${placeOf(record)} has no correlation id that can be one: ${problem}.`);
  }
  throw new SluiceError('MESSAGE_UNREADABLE', `${placeOf(record)} has no correlation id: '${path}' is no text and no number in it.`);
}

/** Whether a message is one of those that a definition names. */
export function fits({ topic, type }: MessageMatch, message: ReadMessage): boolean {
  return topic === message.topic && (type === null || type === message.type);
}

export function placeOf({ topic, partition, offset }: LogRecord): string {
  return `The message at offset ${offset} of partition ${partition} of topic '${topic}'`;
}

function headerOf({ headers }: LogRecord, name: string): string | null {
  for (const { key, value } of headers) {
    if (key !== name || value === null) continue;
    const text = Buffer.from(value).toString('utf8');
    // Connect's own converters of headers write texts in quotes.
    return text.startsWith('"') && text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text;
  }
  return null;
}
