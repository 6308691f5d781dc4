import { logsUnderFault } from '../logs.ts';
import { stoppedServerTest } from './stopped-server.ts';

stoppedServerTest(logsUnderFault[0]!);
