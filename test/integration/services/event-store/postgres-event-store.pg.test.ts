import { after, before } from 'node:test';
import type { Upcasters } from '../../../../src/services/event-store/event-store.ts';
import { openPostgresEventStore } from '../../../../src/services/event-store/postgres/postgres-event-store.ts';
import { type PostgresServer, startPostgres } from '../../../services/postgres.ts';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { eventStoreSuite } from '../../event-store-suite.ts';

const servers = new Map<number, PostgresServer>();
before(async () => {
  for (const version of [18, 15] as const) servers.set(version, await startPostgres({ version, settings: { autovacuum: 'off' } }));
});
after(async () => {
  for (const server of servers.values()) await server[Symbol.asyncDispose]();
});

for (const version of [18, 15] as const)
  eventStoreSuite(`PostgreSQL ${version}`, async () => {
    // Its own: a transaction of somebody else's that is open on the server holds back what all streams together tell.
    const database = await freshDatabase(servers.get(version)!);
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
