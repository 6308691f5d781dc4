import { logsUnderFault } from '../logs.ts';
import { networkTests } from './network.ts';
import { networkFaults } from './network-faults.ts';

networkTests(logsUnderFault[0]!, () => networkFaults);
