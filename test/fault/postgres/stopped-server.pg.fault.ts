import { logsUnderFault } from '../logs.ts';
import { stoppedServerTest } from './stopped-server.ts';

for (const log of logsUnderFault.slice(1)) stoppedServerTest(log);
