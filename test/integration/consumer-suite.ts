import { after, before, describe } from 'node:test';
import { consumedTests } from './consumer-suite/consumed-tests.ts';
import { groupTests } from './consumer-suite/group-tests.ts';
import { readingTests } from './consumer-suite/reading-tests.ts';
import { type LogUnderTest, Suite } from './log-suite/suite.ts';

/** What the consumers of every event log must do, whatever it is made of. `open` is called once. */
export function consumerSuite(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`consumers of the ${name} log`, { timeout: 300_000 }, () => {
    const suite = new Suite();
    let under: LogUnderTest;
    before(async () => {
      under = await open();
      suite.use(under);
    });
    after(async () => {
      await under[Symbol.asyncDispose]();
    });

    readingTests(suite);
    groupTests(suite);
    consumedTests(suite);
  });
}
