import type { Upcasters } from '../../../../src/services/event-store/event-store.ts';
import { openPostgresEventStore } from '../../../../src/services/event-store/postgres/postgres-event-store.ts';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { sharedPostgres } from '../../../support/servers.ts';
import { eventStoreSuite } from '../../event-store-suite.ts';

for (const version of [18, 15] as const)
  eventStoreSuite(`PostgreSQL ${version}`, async () => {
    const database = await freshDatabase(await sharedPostgres(version));
    const open = (upcasters: Upcasters = {}) => openPostgresEventStore({ connection: database.url, upcasters });
    let store = await open();
    return {
      get store() {
        return store;
      },
      async reopen(upcasters?: Upcasters) {
        await store[Symbol.asyncDispose]();
        store = await open(upcasters);
      },
      async [Symbol.asyncDispose]() {
        await store[Symbol.asyncDispose]();
        await database[Symbol.asyncDispose]();
      },
    };
  });
