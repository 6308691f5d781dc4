import { expandCollections, type SnapshotRequest } from '../signals/signal.ts';
import type { KnownTable } from './chunk-database.ts';
import type { Collection } from './state.ts';

/** The tables that a signal asks for, of those that are captured. */
export function requestedCollections(
  { id, collections, conditions, surrogateKey }: SnapshotRequest,
  known: readonly KnownTable[],
): readonly Collection[] {
  const names = known.map(({ name }) => name);
  return expandCollections(collections, names).map(name => ({
    name,
    filter: conditions.find(({ matches }) => matches(name))?.filter || null,
    surrogateKey,
    signal: id,
  }));
}

/** Tables to be read whole, without those that wait to be already: `of` says whose waiting counts. */
export function wholeCollections(
  tables: readonly KnownTable[],
  id: string,
  waiting: readonly Collection[],
  of: 'anybody' | 'the same',
): readonly Collection[] {
  const counts = ({ filter, signal }: Collection) => filter === null && (of === 'anybody' || signal === id);
  const names = new Set(waiting.filter(counts).map(({ name }) => name));
  return tables.filter(({ name }) => !names.has(name)).map(({ name }) => ({ name, filter: null, surrogateKey: null, signal: id }));
}
