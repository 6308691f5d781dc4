import { kafkaLog } from './item-records.ts';
import { replayStatements } from './statements.ts';

replayStatements(kafkaLog);
