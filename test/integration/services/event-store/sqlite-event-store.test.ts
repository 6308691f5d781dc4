import type { Upcasters } from '../../../../src/services/event-store/event-store.ts';
import { openSqliteEventStore } from '../../../../src/services/event-store/sqlite/sqlite-event-store.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { eventStoreSuite } from '../../event-store-suite.ts';

eventStoreSuite('SQLite', async () => {
  const folder = new ScratchFolder('event-store');
  const open = (upcasters: Upcasters = {}) => openSqliteEventStore({ folder: folder.path, upcasters });
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
      folder[Symbol.dispose]();
    },
  };
});
