import { logsUnderFault } from '../logs.ts';
import { roundsUpTo } from '../rounds.ts';
import { networkFaults, networkTests, silentNetwork } from './network.ts';

for (const flavor of ['mysql', 'mariadb'] as const) {
  for (const log of logsUnderFault) {
    const pick = (random: (below: number) => number) => {
      const faults = Array.from({ length: roundsUpTo(20) }, () => networkFaults[random(networkFaults.length)]!);
      return [silentNetwork, ...faults];
    };
    networkTests(flavor, log, pick, { silentSnapshot: true });
  }
}
