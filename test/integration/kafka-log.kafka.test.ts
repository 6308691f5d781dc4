import { kafkaLogUnderTest } from './kafka-log-under-test.ts';
import { logSuite } from './log-suite.ts';

logSuite('Kafka', kafkaLogUnderTest);
