import { after, before, describe } from 'node:test';
import { appendTests } from './log-suite/append-tests.ts';
import { connectorTests } from './log-suite/connector-tests.ts';
import { ownershipTests } from './log-suite/ownership-tests.ts';
import { readTests } from './log-suite/read-tests.ts';
import { type LogUnderTest, Suite } from './log-suite/suite.ts';
import { topicTests } from './log-suite/topic-tests.ts';

export type { LogUnderTest } from './log-suite/suite.ts';

/** What every event log must do, whatever it is made of. `open` is called once. */
export function logSuite(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`${name} log`, { timeout: 300_000 }, () => {
    const suite = new Suite();
    let under: LogUnderTest;
    before(async () => {
      under = await open();
      suite.use(under);
    });
    after(async () => {
      await under[Symbol.asyncDispose]();
    });

    appendTests(suite);
    ownershipTests(suite);
    topicTests(suite);
    readTests(suite);
    connectorTests(suite);
  });
}
