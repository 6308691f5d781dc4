import type { Document } from 'mongodb';
import type { PatternList } from '../debezium/patterns.ts';
import { type CollectionId, namespaceOf } from './collection-id.ts';

/** The include and exclude lists. Of each pair one at most is set. */
export type CollectionFilterSettings = {
  readonly databaseInclude: PatternList | null;
  readonly databaseExclude: PatternList | null;
  readonly collectionInclude: PatternList | null;
  readonly collectionExclude: PatternList | null;
  /** `snapshot.include.collection.list`; null: all that are captured. */
  readonly snapshotInclude: PatternList | null;
  /** `signal.data.collection`: captured whatever the lists say; null: none. */
  readonly signals: CollectionId | null;
};

/** MongoDB's own databases. */
const builtin: ReadonlySet<string> = new Set(['admin', 'local', 'config']);

function allows(include: PatternList | null, exclude: PatternList | null, name: string): boolean {
  if (include !== null) return include.matches(name);
  return exclude === null || !exclude.matches(name);
}

/** A list of names that are compared as they stand (`filters.match.mode=literal`). */
export function literalList(list: string): PatternList {
  const names = list
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
  return { patterns: names.map(text => ({ text, matches: name => name === text })), matches: name => names.includes(name) };
}

/** A pattern that means the same to the server's regular expressions as to Java's. */
const portable = /^(?:[\w-]|\\\.|\.\*)+$/;

/** Which collections are captured. */
export class CollectionFilters {
  readonly #settings: CollectionFilterSettings;

  constructor(settings: CollectionFilterSettings) {
    this.#settings = settings;
  }

  /** Whether collections of that database may be captured. */
  includesDatabase(name: string): boolean {
    return name === this.#settings.signals?.database || this.#allowsDatabase(name);
  }

  #allowsDatabase(name: string): boolean {
    return !builtin.has(name) && allows(this.#settings.databaseInclude, this.#settings.databaseExclude, name);
  }

  includes(id: CollectionId): boolean {
    if (this.isSignals(id)) return true;
    if (!this.#allowsDatabase(id.database) || id.collection.startsWith('system.')) return false;
    return allows(this.#settings.collectionInclude, this.#settings.collectionExclude, namespaceOf(id));
  }

  /** Whether it is the collection of signals. */
  isSignals({ database, collection }: CollectionId): boolean {
    const { signals } = this.#settings;
    return signals !== null && signals.database === database && signals.collection === collection;
  }

  includesInSnapshot(id: CollectionId): boolean {
    return this.#settings.snapshotInclude?.matches(namespaceOf(id)) ?? true;
  }

  /** What the server may leave out by itself: a condition on `ns.db`, of patterns that it reads as Java does; null: nothing. */
  prefilter(): Document | null {
    const { databaseInclude, signals } = this.#settings;
    if (databaseInclude === null || databaseInclude.patterns.some(({ text }) => !portable.test(text))) return null;
    const listed = { 'ns.db': { $regex: `^(?:${databaseInclude.patterns.map(({ text }) => text).join('|')})$`, $options: 'i' } };
    return signals === null ? listed : { $or: [listed, { 'ns.db': signals.database }] };
  }

  /** Patterns of the include lists that match none of these collections: misspelt most likely. */
  unmatched(collections: readonly CollectionId[]): readonly { readonly option: string; readonly pattern: string }[] {
    const { databaseInclude, collectionInclude, snapshotInclude, signals } = this.#settings;
    const names = collections.map(namespaceOf);
    const missing = (option: string, list: PatternList | null, among: readonly string[]) =>
      (list?.patterns ?? []).filter(pattern => !among.some(name => pattern.matches(name))).map(({ text }) => ({ option, pattern: text }));
    return [
      ...missing(
        'database.include.list',
        databaseInclude,
        collections.map(({ database }) => database),
      ),
      ...missing('collection.include.list', collectionInclude, names),
      ...missing('snapshot.include.collection.list', snapshotInclude, names),
      ...(signals === null || names.includes(namespaceOf(signals))
        ? []
        : [{ option: 'signal.data.collection', pattern: namespaceOf(signals) }]),
    ];
  }
}
