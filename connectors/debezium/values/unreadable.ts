import { SluiceError } from '../../../src/contract/index.ts';

/** For text that the type's output function cannot have written. Names the type, never the text; `readTuple` adds the column. */
export function unreadable(typeName: string): SluiceError {
  return new SluiceError('MALFORMED_MESSAGE', `not the text of a value of type ${typeName}`);
}

/** For a value that the schema chosen by the options cannot hold. */
export function unrepresentable(what: string, remedy: string): SluiceError {
  return new SluiceError('CONVERSION_FAILED', what, { remedy });
}
