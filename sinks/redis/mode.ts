import { type Change, readChange, type SinkRecord, type SinkResult, SluiceError, toSluiceError } from '../../src/contract/index.ts';
import type { Session } from './commands.ts';

export type Failures = SinkResult['failed'];

/**
 * What a mode does with a batch. Resolves, when the server has it, with the records that were refused; throws as `Sink.write` does.
 * `partitions`: how many of a topic the task has.
 */
export type WriteMode = (records: readonly SinkRecord[], session: Session, partitions: ReadonlyMap<string, number>) => Promise<Failures>;

/**
 * Reads each record and hands its change on, in order. A record that is of no row (a heartbeat, a schema change) changes nothing; one whose
 * value has no fields is refused, as is each for which `take` throws RECORD_REFUSED.
 */
export function eachChange(
  records: readonly SinkRecord[],
  unavailable: string,
  failed: { index: number; error: SluiceError }[],
  take: (change: Change, record: SinkRecord, index: number) => void,
): void {
  for (const [index, record] of records.entries()) {
    try {
      const change = readChange(record, unavailable);
      if (change.kind !== 'none') take(change, record, index);
      else if (typeof record.value !== 'object' || record.value instanceof Uint8Array || Array.isArray(record.value))
        throw new SluiceError(
          'RECORD_REFUSED',
          `A record of ${record.topic} has a value without fields, so that no row can be read from it.`,
          { remedy: 'Check value.converter: it must be the one the source writes with.' },
        );
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (error.retry !== 'record') throw error;
      failed.push({ index, error });
    }
  }
}
