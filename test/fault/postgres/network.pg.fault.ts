import { logsUnderFault } from '../logs.ts';
import { faultRounds } from '../rounds.ts';
import { networkTests } from './network.ts';
import { networkFaults, silentNetwork } from './network-faults.ts';

for (const log of logsUnderFault) {
  networkTests(log, random => {
    const faults = Array.from({ length: faultRounds }, () => networkFaults[random(networkFaults.length)]!);
    return [silentNetwork, ...faults];
  });
}
