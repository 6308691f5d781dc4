import type { MongoClient } from 'mongodb';
import { type CollectionId, namespaceOf } from './collection-id.ts';
import { CollectionRecords } from './collection-records.ts';
import { FieldRules } from './field-rules.ts';
import type { MongoSettings, RecordMakers } from './settings.ts';

/** A collection as the server lists it. */
export type ListedCollection = CollectionId & {
  /** A view or a time series: it cannot be read by ranges of its ids. */
  readonly derived: boolean;
};

/** The collections of a task: which there are, and what makes their records. */
export class Collections {
  readonly #settings: MongoSettings;
  readonly #makers: RecordMakers;
  readonly #records = new Map<string, CollectionRecords>();

  constructor(settings: MongoSettings, makers: RecordMakers) {
    this.#settings = settings;
    this.#makers = makers;
  }

  /** See `capturedCollections`. */
  list(client: MongoClient): Promise<readonly ListedCollection[]> {
    return capturedCollections(client, this.#settings);
  }

  /** What makes a collection's records. */
  of(id: CollectionId): CollectionRecords {
    const name = namespaceOf(id);
    let records = this.#records.get(name);
    if (!records) {
      const { database, collection } = id;
      records = new CollectionRecords({ database, collection }, this.#makers.records, FieldRules.of(this.#settings.fieldRules, id));
      this.#records.set(name, records);
    }
    return records;
  }
}

/** Captured collections in the order in which a snapshot reads them: by their names without the database's, as Debezium does. */
export async function capturedCollections(
  client: MongoClient,
  { capture, filters }: Pick<MongoSettings, 'capture' | 'filters'>,
): Promise<readonly ListedCollection[]> {
  const databases = capture.scope.kind === 'deployment' ? await databaseNames(client) : [capture.scope.database];
  const found: ListedCollection[] = [];
  for (const database of databases.filter(name => filters.includesDatabase(name))) {
    for (const { name: collection, type } of await client.db(database).listCollections({}, { nameOnly: true }).toArray()) {
      const id = { database, collection };
      if (capture.scope.kind === 'collection' && capture.scope.collection !== collection) continue;
      if (filters.includes(id)) found.push({ ...id, derived: type !== undefined && type !== 'collection' });
    }
  }
  return found.sort((a, b) => order(a.collection, b.collection) || order(a.database, b.database));
}

/** Whether a collection's documents are read where it was added to the lists. What is made of others cannot be read by ids. */
export function isReadWhenAdded(id: ListedCollection, { snapshot, filters }: Pick<MongoSettings, 'snapshot' | 'filters'>): boolean {
  return snapshot.readsNewTables && !id.derived && filters.includesInSnapshot(id) && !filters.isSignals(id);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function databaseNames(client: MongoClient): Promise<readonly string[]> {
  const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
  return databases.map(({ name }) => name);
}
