import { logsUnderFault } from '../logs.ts';
import { networkFaults, networkTests, silentNetwork } from './network.ts';

networkTests('mariadb', logsUnderFault[0]!, () => [silentNetwork, ...networkFaults]);
