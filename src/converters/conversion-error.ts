import { SluiceError, type Value } from '../contract/index.ts';

/** What keeps a value from being converted. The field's path grows on the way out of nested structs; the message never shows the value. */
export class ConversionError extends Error {
  readonly path: readonly string[];

  constructor(message: string, path: readonly string[] = []) {
    super(message);
    this.path = path;
  }
}

/** The same fault, seen from the struct around the field. */
export function inField(fault: unknown, field: string): unknown {
  return fault instanceof ConversionError ? new ConversionError(fault.message, [field, ...fault.path]) : fault;
}

/** As the contract wants it, with the topic and the field's path. */
export function conversionFailed(converter: string, topic: string, fault: unknown): SluiceError {
  if (!(fault instanceof ConversionError)) {
    const message = fault instanceof Error ? fault.message : String(fault);
    return new SluiceError('CONVERSION_FAILED', `${converter}: a record of topic '${topic}' cannot be converted: ${message}`, {
      cause: fault,
    });
  }
  const at = fault.path.length > 0 ? `, field '${fault.path.join('.')}'` : '';
  return new SluiceError('CONVERSION_FAILED', `${converter}: a record of topic '${topic}'${at}: ${fault.message}`);
}

/** The kind of a value in words, for messages. */
export function kindOf(value: Value | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Map) return 'a map';
  if (typeof value === 'object') return 'a struct';
  return `a ${typeof value}`;
}
