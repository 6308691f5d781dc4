import type { EventLog } from '../../../../src/contract/index.ts';
import { postgresSagaStore } from '../../../../src/services/sagas/postgres/postgres-saga-store.ts';
import { logSagaStore } from '../../../../src/services/sagas/runtime/log-saga-store.ts';
import type { SagaStore } from '../../../../src/services/sagas/runtime/saga-store.ts';
import { instancesTopicOf } from '../../../../src/services/sagas/runtime/saga-topics.ts';
import { databaseOptions } from '../../../support/database-options.ts';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { sharedPostgres } from '../../../support/servers.ts';
import { Publication } from './publication.ts';
import { readTopic } from './saga-run.ts';

/** Where the sagas of a test are kept. */
export type SagaStoreUnderTest = AsyncDisposable & {
  readonly store: SagaStore;
  /** How many instances are still there of a saga. */
  kept(saga: string): Promise<number>;
};

export async function inLog(log: EventLog): Promise<SagaStoreUnderTest> {
  return {
    store: logSagaStore,
    async kept(saga) {
      const last = new Map<string, boolean>();
      for (const { key, value } of await readTopic(log, instancesTopicOf(saga))) last.set(Buffer.from(key!).toString(), value !== null);
      return [...last].filter(([key, there]) => there && !key.startsWith('definition/')).length;
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Longer than a laden machine's longest pause, over which the store's own ten seconds for a lock or a login would be up. */
const patience = {
  connectionTimeoutMillis: 120_000,
  lock_timeout: 120_000,
  statement_timeout: 120_000,
  idle_in_transaction_session_timeout: 120_000,
  query_timeout: 150_000,
};

/** A store in a database; `url` names it. */
export function storeIn(url: string, schema = 'sluice_sagas'): SagaStore {
  return postgresSagaStore({ connection: () => ({ connectionString: url, ...patience }), database: databaseOptions(url), schema });
}

/** A database of its own, what is sent there published into the log. */
export async function inPostgres(log: EventLog): Promise<SagaStoreUnderTest> {
  const database = await freshDatabase(await sharedPostgres(18));
  const store = storeIn(database.url);
  const publication = await Publication.start(log, store);
  return {
    store,
    async kept(saga) {
      const text = 'select count(*)::int as count from sluice_sagas.instances where saga = $1';
      const { rows } = await database.client.query<{ count: number }>(text, [saga]);
      return rows[0]!.count;
    },
    async [Symbol.asyncDispose]() {
      await publication[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}
