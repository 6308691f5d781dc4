import type { DatabaseSync } from 'node:sqlite';
import type { ConnectorStore, SourceOffset, StoredConnector, TargetState } from '../../contract/index.ts';
import { readActiveTopics, readConnectors, readOffsets } from './connector-tables.ts';
import type { ChangeRequest } from './protocol.ts';

/** Connectors in the log's file: changes go through the writer, reads over the reading connection. */
export class EmbeddedConnectorStore implements ConnectorStore {
  readonly #database: DatabaseSync;
  readonly #change: (change: ChangeRequest) => Promise<void>;

  constructor(database: DatabaseSync, change: (change: ChangeRequest) => Promise<void>) {
    this.#database = database;
    this.#change = change;
  }

  async list(): Promise<readonly StoredConnector[]> {
    return readConnectors(this.#database);
  }

  async offsets(name: string): Promise<readonly SourceOffset[]> {
    return readOffsets(this.#database, name);
  }

  async activeTopics(name: string): Promise<readonly string[]> {
    return readActiveTopics(this.#database, name);
  }

  putConfig(name: string, config: Readonly<Record<string, string>>, targetState?: TargetState): Promise<void> {
    return this.#change({ kind: 'putConfig', name, config, targetState: targetState ?? null });
  }

  putTargetState(name: string, state: TargetState): Promise<void> {
    return this.#change({ kind: 'putTargetState', name, state });
  }

  remove(name: string): Promise<void> {
    return this.#change({ kind: 'remove', name });
  }

  alterOffsets(name: string, offsets: readonly SourceOffset[]): Promise<void> {
    return this.#change({ kind: 'alterOffsets', name, offsets });
  }

  addActiveTopics(name: string, topics: readonly string[]): Promise<void> {
    return this.#change({ kind: 'addActiveTopics', name, topics });
  }

  resetActiveTopics(name: string): Promise<void> {
    return this.#change({ kind: 'resetActiveTopics', name });
  }

  putStatus(name: string, task: number | null, { state, trace }: { readonly state: string; readonly trace: string | null }): Promise<void> {
    return this.#change({ kind: 'putStatus', name, task, state, trace });
  }
}
