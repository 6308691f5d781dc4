import { consumerSuite } from './consumer-suite.ts';
import { embeddedLogUnderTest } from './embedded-log-under-test.ts';

consumerSuite('embedded', embeddedLogUnderTest);
