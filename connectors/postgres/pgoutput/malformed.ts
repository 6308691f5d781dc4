import { SluiceError } from '../../../src/contract/index.ts';

/** The one error for a replication message that is not as the protocol has it. `what` names places and kinds, never a value. */
export function malformed(what: string, cause?: unknown): SluiceError {
  return new SluiceError('MALFORMED_MESSAGE', `Malformed replication message: ${what}.`, cause === undefined ? {} : { cause });
}
