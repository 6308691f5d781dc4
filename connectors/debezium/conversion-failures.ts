import type { Logger, SluiceError } from '../../src/contract/index.ts';
import type { ColumnDefinition } from './table.ts';

/** `event.converting.failure.handling.mode`. */
export type ConversionFailureMode = 'warn' | 'skip' | 'fail';

/** Whether this failure is one of those that are said: the 1st, 10th, 100th ... so that a column full of them does not flood the log. */
function isSaid(count: number): boolean {
  return Number.isInteger(Math.log10(count));
}

/**
 * The column with null in place of values that its schema cannot hold, unless `event.converting.failure.handling.mode` is `fail`. A column
 * that is NOT NULL and has no default stays as it is: null would only fail later, in the converter.
 */
export function withConversionFailures<Reader extends ColumnDefinition>(
  reader: Reader,
  table: string,
  mode: ConversionFailureMode,
  logger: Logger,
): Reader {
  if (mode === 'fail' || (!reader.schema.optional && reader.schema.default === undefined)) return reader;
  let count = 0;
  const instead = ({ message, remedy }: SluiceError) => {
    count++;
    if (mode === 'warn' && isSaid(count))
      logger.warn(
        { table, column: reader.name, count, reason: message, remedy },
        'A value was replaced by null: its schema cannot hold it (event.converting.failure.handling.mode=warn)',
      );
    return null;
  };
  return { ...reader, instead };
}
