import { SluiceError, type Value } from '../../src/contract/index.ts';
import type { ColumnReader } from './column.ts';

/**
 * One value, of the text at bytes[start, end). Names the column in whatever its reader throws, since nobody else knows both. Throws
 * SluiceError MALFORMED_MESSAGE, or CONVERSION_FAILED for a value that its schema cannot hold and nothing may stand for.
 */
export function readValue(reader: ColumnReader, bytes: Buffer, start: number, end: number): Value {
  try {
    return reader.read(bytes, start, end);
  } catch (error) {
    return afterError(reader, error);
  }
}

function afterError(reader: ColumnReader, error: unknown): Value {
  if (!(error instanceof SluiceError))
    throw new SluiceError('MALFORMED_MESSAGE', `Column "${reader.name}": no text of type ${reader.typeName}.`, { cause: error });
  if (error.code === 'CONVERSION_FAILED' && reader.instead) return reader.instead(error);
  throw new SluiceError(error.code, `Column "${reader.name}": ${error.message}.`, { cause: error, remedy: error.remedy });
}
