import { logsUnderFault } from '../logs.ts';
import { faultRounds } from '../rounds.ts';
import { networkFaults, networkTests, silentNetwork } from './network.ts';

for (const flavor of ['mysql', 'mariadb'] as const) {
  for (const log of logsUnderFault) {
    networkTests(flavor, log, random => {
      const faults = Array.from({ length: faultRounds }, () => networkFaults[random(networkFaults.length)]!);
      return [silentNetwork, ...faults];
    });
  }
}
