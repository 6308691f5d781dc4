import { logsUnderFault } from '../logs.ts';
import { networkFaults, networkTests } from './network.ts';

networkTests(logsUnderFault[0]!, () => networkFaults);
