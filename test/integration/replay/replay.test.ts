import { embeddedLog } from './item-records.ts';
import { replayStatements } from './statements.ts';

replayStatements(async () => embeddedLog);
