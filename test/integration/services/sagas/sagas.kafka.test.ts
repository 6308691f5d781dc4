import { kafkaLogUnderTest } from '../../kafka-log-under-test.ts';
import { sagaStatements } from './saga-statements.ts';

sagaStatements('Kafka', kafkaLogUnderTest);
