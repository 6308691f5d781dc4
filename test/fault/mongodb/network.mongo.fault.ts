import { logsUnderFault } from '../logs.ts';
import { faultRounds } from '../rounds.ts';
import { networkFaults, networkTests, silentNetwork } from './network.ts';

for (const log of logsUnderFault) {
  networkTests(log, random => {
    const faults = Array.from({ length: faultRounds }, () => networkFaults[random(networkFaults.length)]!);
    return [silentNetwork, ...faults];
  });
}
