import { embeddedLogUnderTest } from './embedded-log-under-test.ts';
import { signalTopicSuite } from './signal-topic-suite.ts';

signalTopicSuite('embedded', embeddedLogUnderTest);
