import { kafkaLogUnderTest } from './kafka-log-under-test.ts';
import { signalTopicSuite } from './signal-topic-suite.ts';

signalTopicSuite('Kafka', kafkaLogUnderTest);
