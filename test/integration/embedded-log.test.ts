import { embeddedLogUnderTest } from './embedded-log-under-test.ts';
import { logSuite } from './log-suite.ts';

logSuite('embedded', embeddedLogUnderTest);
