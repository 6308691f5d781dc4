import { type SluiceError, toSluiceError } from '../contract/index.ts';

/** What each of these throws, all of them tried one after the other: whoever checks a file wants to hear of every fault at once. */
export async function faultsOf(tries: readonly (() => unknown)[]): Promise<readonly SluiceError[]> {
  const faults: SluiceError[] = [];
  for (const attempt of tries) {
    try {
      await attempt();
    } catch (error) {
      faults.push(toSluiceError(error));
    }
  }
  return faults;
}
