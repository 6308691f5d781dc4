import { javaRegex, matchesWhole, type SourceSignal } from '../../../src/contract/index.ts';

/** A condition that narrows which rows of some tables a snapshot reads. */
export type SnapshotCondition = { readonly filter: string; matches(table: string): boolean };

/** `execute-snapshot`. */
export type SnapshotRequest = {
  readonly kind: 'execute';
  readonly id: string;
  readonly type: 'incremental' | 'blocking';
  /** Java patterns over the captured tables' names, or names. */
  readonly collections: readonly string[];
  /** The first one that matches a table counts. */
  readonly conditions: readonly SnapshotCondition[];
  /** The column to read by in the primary key's place; null: the primary key. */
  readonly surrogateKey: string | null;
};

/** What a signal asks for. */
export type SignalAction =
  | SnapshotRequest
  /** `collections` null: all of it. */
  | { readonly kind: 'stop'; readonly collections: readonly string[] | null }
  | { readonly kind: 'pause' | 'resume' }
  | { readonly kind: 'log'; readonly message: string }
  /** A watermark of an incremental snapshot, which a signal table holds beside signals. */
  | { readonly kind: 'watermark' }
  /** `why` tells what is wrong with the signal. */
  | { readonly kind: 'unfit'; readonly why: string };

type Document = Readonly<Record<string, unknown>>;

function unfit(why: string): SignalAction {
  return { kind: 'unfit', why };
}

function parsed(data: string | null): Document | null {
  if (data === null || data.trim() === '') return {};
  try {
    const document: unknown = JSON.parse(data);
    return typeof document === 'object' && document !== null && !Array.isArray(document) ? (document as Document) : null;
  } catch {
    return null;
  }
}

/** A list of texts; null where it is missing or empty, undefined where it is something else. */
function texts(value: unknown): readonly string[] | null | undefined {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) return undefined;
  if (value.length === 0) return null;
  return value.every(item => typeof item === 'string') ? value.map(item => item.trim()) : undefined;
}

/** A column's name; null where none is given, undefined where it is something else. */
function columnOf(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value.trim() || null : undefined;
}

function conditions(value: unknown): readonly SnapshotCondition[] | null {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return null;
  const read = value.map((condition: unknown) => {
    const { 'data-collection': collection, filter } = (condition ?? {}) as Document;
    if (typeof collection !== 'string' || typeof filter !== 'string') return null;
    return { filter, matches: matchesWhole(javaRegex(collection.trim(), 'i')) };
  });
  return read.every(condition => condition !== null) ? read : null;
}

function execute(id: string, document: Document): SignalAction {
  const { 'data-collections': named, type = 'incremental', 'additional-conditions': given } = document;
  const collections = texts(named);
  if (collections === undefined || collections === null) return unfit('data-collections must be a list of tables, at least one');
  const surrogate = columnOf(document['surrogate-key']);
  if (surrogate === undefined) return unfit('surrogate-key must be the name of a column');
  const lower = String(type).toLowerCase();
  if (lower !== 'incremental' && lower !== 'blocking') return unfit('type must be incremental or blocking');
  if (document['additional-condition'] !== undefined)
    return unfit('additional-condition is a name of older versions: use additional-conditions, a list of {"data-collection", "filter"}');
  try {
    for (const pattern of collections) javaRegex(pattern);
    const narrowed = conditions(given);
    if (narrowed === null) return unfit('additional-conditions must be a list of {"data-collection", "filter"}');
    return { kind: 'execute', id, type: lower, collections, conditions: narrowed, surrogateKey: surrogate };
  } catch (error) {
    return unfit(`a pattern is not a regular expression: ${(error as Error).message}`);
  }
}

function stop(document: Document): SignalAction {
  const collections = texts(document['data-collections']);
  if (collections === undefined) return unfit('data-collections must be a list of tables');
  if (String(document['type'] ?? 'incremental').toLowerCase() !== 'incremental') return unfit('only incremental snapshots can be stopped');
  try {
    for (const pattern of collections ?? []) javaRegex(pattern);
  } catch (error) {
    return unfit(`a pattern is not a regular expression: ${(error as Error).message}`);
  }
  return { kind: 'stop', collections };
}

/** Reads a signal as Debezium does (its documentation, "Sending signals to a Debezium connector"). Never throws: what is wrong is `unfit`. */
export function readSignal({ id, type, data }: SourceSignal): SignalAction {
  if (type === 'snapshot-window-open' || type === 'snapshot-window-close') return { kind: 'watermark' };
  const document = parsed(data);
  if (document === null) return unfit('its data is not a JSON object');
  if (type === 'execute-snapshot') return execute(id, document);
  if (type === 'stop-snapshot') return stop(document);
  if (type === 'pause-snapshot') return { kind: 'pause' };
  if (type === 'resume-snapshot') return { kind: 'resume' };
  if (type === 'log') {
    const { message } = document;
    return typeof message === 'string' && message !== '' ? { kind: 'log', message } : unfit('message is missing');
  }
  return unfit(`there is no signal of the type '${type}'`);
}

/** The names that patterns stand for; a pattern that matches none stands for itself, as a name. */
export function expandCollections(patterns: readonly string[], names: readonly string[]): readonly string[] {
  const expanded = patterns.flatMap(text => {
    const matches = matchesWhole(javaRegex(text));
    const matching = names.filter(matches);
    return matching.length > 0 ? matching : [text];
  });
  return [...new Set(expanded)];
}
