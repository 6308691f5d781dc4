import { SluiceError, StreamConflictError } from '../../contract/index.ts';
import type { ExpectedVersion, StreamId } from './event-store.ts';
import { formatStream } from './stream-id.ts';

/** A stream as an append finds it. `version` counts deleted events too. */
export type StreamNow = { readonly version: bigint; readonly exists: boolean };

/** The error of an append that expected another stream. */
export function streamConflict(stream: StreamId, expected: ExpectedVersion, { version, exists }: StreamNow): StreamConflictError {
  const is = exists ? `is at version ${version}` : version === 0n ? 'does not exist' : `is deleted, behind version ${version}`;
  const wanted = { none: 'that it does not exist', exists: 'that it exists', any: 'nothing' };
  const expectation = typeof expected === 'bigint' ? `version ${expected}` : wanted[expected];
  return new StreamConflictError(`The stream ${formatStream(stream)} ${is}; expected was ${expectation}.`, version);
}

/** Whether an append may be made. `0n` means the same as a stream that never was. */
export function versionFits(expected: ExpectedVersion, { version, exists }: StreamNow): boolean {
  switch (expected) {
    case 'any':
      return true;
    case 'none':
      return !exists;
    case 'exists':
      return exists;
    default:
      return expected === version;
  }
}

/** The error of anything that would change a stream that was deleted for good. */
export function streamDeleted(stream: StreamId): SluiceError {
  return new SluiceError('STREAM_DELETED', `The stream ${formatStream(stream)} was deleted for good.`);
}

/** The error of an event whose id another stream has. */
export function idOfAnotherStream(id: string, stream: StreamId): SluiceError {
  return new SluiceError('EVENT_INVALID', `The event id '${id}' for ${formatStream(stream)} is that of an event of another stream.`);
}
