import { consumerSuite } from './consumer-suite.ts';
import { kafkaLogUnderTest } from './kafka-log-under-test.ts';

consumerSuite('Kafka', kafkaLogUnderTest);
