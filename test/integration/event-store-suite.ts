import { after, before, describe } from 'node:test';
import { aggregateTests } from './event-store-suite/aggregate-tests.ts';
import { appendTests } from './event-store-suite/append-tests.ts';
import { deletionTests } from './event-store-suite/deletion-tests.ts';
import { idempotenceTests } from './event-store-suite/idempotence-tests.ts';
import { modelTests } from './event-store-suite/model-tests.ts';
import { readTests } from './event-store-suite/read-tests.ts';
import { retentionTests } from './event-store-suite/retention-tests.ts';
import { subscriptionTests } from './event-store-suite/subscription-tests.ts';
import { type EventStoreUnderTest, Suite } from './event-store-suite/suite.ts';

export type { EventStoreUnderTest } from './event-store-suite/suite.ts';

/** What every event store must do, whatever it lies in. `open` is called once. */
export function eventStoreSuite(name: string, open: () => Promise<EventStoreUnderTest>): void {
  describe(`${name} event store`, { timeout: 300_000 }, () => {
    const suite = new Suite();
    let under: EventStoreUnderTest;
    before(async () => {
      under = await open();
      suite.use(under);
    });
    after(async () => {
      await under[Symbol.asyncDispose]();
    });

    appendTests(suite);
    idempotenceTests(suite);
    readTests(suite);
    subscriptionTests(suite);
    aggregateTests(suite);
    deletionTests(suite);
    retentionTests(suite);
    modelTests(suite);
  });
}
