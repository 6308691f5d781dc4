import type { JsonObject } from '../../../src/contract/index.ts';
import { type JavaClass, noJavaKey, readJavaKey, writeJavaKey } from './java-key.ts';

/** A table that an incremental snapshot has yet to read, or is reading. */
export type Collection = {
  /** Its qualified name. */
  readonly name: string;
  /** SQL that its rows must meet; null: all rows. */
  readonly filter: string | null;
  /** The column to read by in the primary key's place; null: the primary key. */
  readonly surrogateKey: string | null;
  /** The signal that asked for it. */
  readonly signal: string | null;
};

/** Debezium's own keys of an offset (AbstractIncrementalSnapshotContext): with them a connector may change hands in mid-snapshot. */
const names = {
  key: 'incremental_snapshot_primary_key',
  maximum: 'incremental_snapshot_maximum_key',
  signal: 'incremental_snapshot_correlation_id',
  collections: 'incremental_snapshot_collections',
} as const;
const inCollection = (name: 'id' | 'additional_condition' | 'surrogate_key' | 'correlation_id') => `${names.collections}_${name}`;

/** Ours beside them, which Debezium's loader ignores: keys as the database writes them, of whatever type, and what Debezium forgets. */
const ownName = 'sluice_incremental_snapshot';

type Own = {
  readonly key: readonly string[] | null;
  readonly maximum: readonly string[] | null;
  readonly classes: readonly (JavaClass | null)[];
  readonly paused: boolean;
  readonly rows: number;
  readonly chunks: number;
  readonly startedAtMs: number;
};

/**
 * What an incremental snapshot has done and has yet to do, and how an offset holds it (invariant 1: stored with the rows it covers). Pure.
 * The first of the collections is the one being read.
 */
export class IncrementalState {
  readonly #readsJavaKeys: boolean;
  #collections: readonly Collection[] = [];
  /** The signal that asked last. */
  #signal: string | null = null;
  /** The key that the last chunk delivered ends with; null: none of the table yet. */
  #key: readonly string[] | null = null;
  /** Where the table ended when its reading began; null: not known yet. */
  #maximum: readonly string[] | null = null;
  #classes: readonly (JavaClass | null)[] = [];
  paused = false;
  rows = 0;
  chunks = 0;
  startedAtMs = 0;

  /** `readsJavaKeys` false: the texts of keys are not those of Debezium’s form. */
  constructor(readsJavaKeys = true) {
    this.#readsJavaKeys = readsJavaKeys;
  }

  get collections(): readonly Collection[] {
    return this.#collections;
  }

  get current(): Collection | null {
    return this.#collections[0] ?? null;
  }

  get signal(): string | null {
    return this.#signal;
  }

  get key(): readonly string[] | null {
    return this.#key;
  }

  get maximum(): readonly string[] | null {
    return this.#maximum;
  }

  /** Adds tables behind those that are there. */
  add(collections: readonly Collection[], signal: string, nowMs: number): void {
    if (this.current === null) {
      [this.rows, this.chunks, this.startedAtMs] = [0, 0, nowMs];
      this.paused = false;
    }
    this.#collections = [...this.#collections, ...collections];
    this.#signal = signal;
  }

  /** The reading of the current table begins: it will end with this key. `classes`: of the key's columns, for Debezium's form. */
  begin(maximum: readonly string[], classes: readonly (JavaClass | null)[]): void {
    this.#maximum = maximum;
    this.#classes = classes;
  }

  /** A chunk that ends with this key is delivered. */
  advance(key: readonly string[], rows: number, classes: readonly (JavaClass | null)[]): void {
    this.#key = key;
    this.#classes = classes;
    this.rows += rows;
    this.chunks++;
  }

  /** The current table is done with. */
  next(): void {
    this.#collections = this.#collections.slice(1);
    this.#reset();
  }

  /** Takes tables out; answers those that were there. */
  remove(isMeant: (name: string) => boolean): readonly Collection[] {
    const removed = this.#collections.filter(({ name }) => isMeant(name));
    if (this.current !== null && isMeant(this.current.name)) this.#reset();
    this.#collections = this.#collections.filter(({ name }) => !isMeant(name));
    return removed;
  }

  #reset(): void {
    this.#key = null;
    this.#maximum = null;
  }

  /** The keys of an offset; none where nothing is under way. */
  store(): JsonObject {
    if (this.current === null) return {};
    const key = writeJavaKey(this.#key, this.#classes);
    const maximum = writeJavaKey(this.#maximum, this.#classes);
    const own: Own = {
      key: this.#key,
      maximum: this.#maximum,
      classes: this.#classes,
      paused: this.paused,
      rows: this.rows,
      chunks: this.chunks,
      startedAtMs: this.startedAtMs,
    };
    const collections = this.#collections.map(({ name, filter, surrogateKey, signal }) => ({
      [inCollection('id')]: name,
      [inCollection('additional_condition')]: filter,
      [inCollection('surrogate_key')]: surrogateKey,
      [inCollection('correlation_id')]: signal,
    }));
    return {
      // A key whose class Debezium's form does not have is left out: Debezium, taking over, reads that table from its beginning.
      ...(key === null || maximum === null ? {} : { [names.key]: key, [names.maximum]: maximum }),
      [names.collections]: JSON.stringify(collections),
      [names.signal]: this.#signal,
      [ownName]: own,
    };
  }

  /**
   * Takes up what an offset holds, of ours or of Debezium. Answers false where Debezium stored a key of a class that is not read: that
   * table begins again.
   */
  restore(offset: JsonObject): boolean {
    const text = (name: string) => {
      const value = offset[name];
      return typeof value === 'string' ? value : null;
    };
    const written = text(names.collections);
    this.#collections = written === null ? [] : readCollections(written);
    this.#signal = text(names.signal);
    this.#reset();
    if (this.current === null) return true;
    const own = offset[ownName] as Own | undefined;
    if (own !== undefined) {
      [this.#key, this.#maximum, this.#classes, this.paused] = [own.key, own.maximum, own.classes, own.paused];
      [this.rows, this.chunks, this.startedAtMs] = [own.rows, own.chunks, own.startedAtMs];
      return true;
    }
    if (!this.#readsJavaKeys) return (text(names.key) ?? noJavaKey) === noJavaKey;
    const key = readJavaKey(text(names.key) ?? noJavaKey);
    const maximum = readJavaKey(text(names.maximum) ?? noJavaKey);
    if (key === undefined || maximum === undefined) return false;
    [this.#key, this.#maximum] = [key, maximum];
    return true;
  }
}

function readCollections(written: string): readonly Collection[] {
  const list = JSON.parse(written) as readonly Readonly<Record<string, string | null>>[];
  return list.map(collection => ({
    name: collection[inCollection('id')] ?? '',
    filter: collection[inCollection('additional_condition')] || null,
    surrogateKey: collection[inCollection('surrogate_key')] || null,
    signal: collection[inCollection('correlation_id')] ?? null,
  }));
}
