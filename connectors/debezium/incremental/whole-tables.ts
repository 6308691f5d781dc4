import type { BlockingSnapshots } from './blocking-snapshots.ts';
import type { KnownTable } from './chunk-database.ts';

/** What reads them. */
export type WholeTablesReaders = {
  readonly incremental: { request(tables: readonly KnownTable[], id: string, of?: 'anybody' | 'the same'): void };
  readonly blocking: BlockingSnapshots;
  /** Wakes the stream. */
  wake(): void;
};

/**
 * Has tables read whole that nobody sent a signal for, `id` standing in its place: those with a key in chunks beside the stream, for the others it waits. `of`:
 * whose request for a table that waits already is as good. Both in one step, so that they are stored together.
 */
export function readWholeTables(
  { incremental, blocking, wake }: WholeTablesReaders,
  id: string,
  keyed: readonly KnownTable[],
  keyless: readonly KnownTable[],
  of: 'anybody' | 'the same' = 'anybody',
): void {
  incremental.request(keyed, id, of);
  const whole = keyless.map(({ name }) => ({ name, filter: null }));
  if (keyless.length > 0) blocking.add(id, whole, keyless);
  wake();
}
