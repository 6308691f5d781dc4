import { SluiceError } from '../../../src/contract/index.ts';

/** The one error for a binlog event that is not as its format has it. `what` names places and kinds, never a value. */
export function malformed(what: string, cause?: unknown): SluiceError {
  return new SluiceError('MALFORMED_MESSAGE', `Malformed binlog event: ${what}.`, {
    remedy: 'The binlog cannot be read: check versions and proxies between here and the server.',
    ...(cause !== undefined && { cause }),
  });
}
