import type { JsonObject } from '../../src/contract/index.ts';

/** The databases that can be measured. */
export const databaseNames = ['postgres', 'mysql', 'mongodb'] as const;
export type DatabaseName = (typeof databaseNames)[number];

/** Where one run's connector begins. What was made for it is undone when it is disposed. */
export type RunStart = AsyncDisposable & {
  /** Options of its connector alone; they win over those of every run. */
  readonly config: Readonly<Record<string, string>>;
  /** Stored for the connector before its first start, where the database does not keep a reader's place itself; null: nothing. */
  readonly offset: ((topicPrefix: string) => { readonly partition: JsonObject; readonly offset: JsonObject }) | null;
};

/** Changes that wait, the same ones for every run. */
export interface Backlog {
  /** One run's way to all of them. */
  begin(): Promise<RunStart>;
}

/** Where a connector writes. `kafka`: its bootstrap servers; null: the embedded log. */
export type Surroundings = { readonly topicPrefix: string; readonly kafka: string | null };

/** A database with the workload in it, that everybody reads. */
export interface BenchDatabase<B extends Backlog = Backlog> extends AsyncDisposable {
  readonly name: DatabaseName;
  /** The schema or database that the tables are in: the middle part of a topic's name. */
  readonly namespace: string;
  version(): Promise<string>;
  /** The connector's options that say which database, which table of it, and what Debezium asks for of it beside that. */
  connectorConfig(table: string, surroundings: Surroundings): Readonly<Record<string, string>>;
  /** A table of so many orders of ten columns. */
  makeTable(table: string, rows: number): Promise<void>;
  /** Updates each row of the table once, in transactions of so many rows, where nobody reads yet. */
  makeBacklog(table: string, rows: number, rowsPerTransaction: number): Promise<B>;
  /** A run that begins with a snapshot, or with what comes. */
  begin(): RunStart;
}
