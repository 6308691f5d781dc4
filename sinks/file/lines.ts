import { documentWriter, type SinkRecord, SluiceError } from '../../src/contract/index.ts';

/** A record as one line of JSON. `id` is the same for each delivery. */
export function jsonLine({ place, topic, timestamp, keySchema, key, valueSchema, value }: SinkRecord): string {
  const id = `${place.topic}/${place.partition}/${place.offset}`;
  const head = `{"id":${JSON.stringify(id)},"topic":${JSON.stringify(topic)},"partition":${place.partition},"offset":${place.offset}`;
  return `${head},"timestamp":${timestamp},"key":${documentWriter(keySchema)(key)},"value":${documentWriter(valueSchema)(value)}}\n`;
}

/**
 * The value as FileStreamSinkTask prints it (its `toString`, `null` for a tombstone), where that is no matter of Java's classes: texts, integers
 * and booleans. Throws RECORD_REFUSED for everything else.
 */
export function textLine({ topic, value }: SinkRecord): string {
  if (value === null || typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean' || Number.isSafeInteger(value))
    return `${String(value)}\n`;
  throw new SluiceError('RECORD_REFUSED', `The value of a record of ${topic} is no text.`, {
    remedy: 'Set file.format=json, or value.converter to StringConverter, which reads each value as the text that it is in the log.',
  });
}
