import type { ConnectionOptions } from 'node:tls';
import type { IndexNaming } from './index-name.ts';
import type { JsonRecord } from './json-object.ts';

/** How Elasticsearch is reached. */
export type ConnectionSettings = {
  readonly nodes: readonly URL[];
  readonly login: { readonly user: string; readonly password: string } | { readonly apiKey: string } | null;
  readonly tls: ConnectionOptions | null;
  readonly compression: boolean;
  readonly connectMs: number;
  readonly readMs: number;
  readonly idleMs: number;
};

/** How much goes at once, and what is done where it does not go through. */
export type WritingSettings = {
  readonly documentsMax: number;
  readonly bytesMax: number;
  readonly inFlightMax: number;
  readonly retriesMax: number;
  readonly backoffMs: number;
  readonly batchMsMax: number;
};

/** What becomes a document. */
export type DocumentSettings = {
  readonly keyIgnored: (topic: string) => boolean;
  readonly schemaIgnored: (topic: string) => boolean;
  readonly compactMaps: boolean;
  readonly onDelete: 'ignore' | 'delete' | 'fail';
  /** Whether a truncated table's documents are deleted; otherwise the record is refused. */
  readonly truncates: boolean;
  readonly onMalformed: 'ignore' | 'warn' | 'fail';
  readonly dropInvalid: boolean;
  readonly method: 'insert' | 'upsert';
  readonly unavailable: string;
};

/** Which indices are written and how they are made. */
export type IndexSettings = {
  readonly naming: IndexNaming;
  /** Null: the name is the index's own. */
  readonly generation: number | null;
  readonly settings: JsonRecord;
  readonly mappings: JsonRecord;
  /** False: indices are there already. */
  readonly made: boolean;
  readonly stateIndex: string;
  readonly deleteMarkers: boolean;
  /** How long a marker is kept; null: for good. */
  readonly markersMs: number | null;
};

/** The resolved config of the sink. */
export type ElasticsearchConfig = {
  readonly connection: ConnectionSettings;
  readonly writing: WritingSettings;
  readonly documents: DocumentSettings;
  readonly indices: IndexSettings;
  /** The connector's topics where they are given by name: what `check` looks at. */
  readonly topics: readonly string[];
};
