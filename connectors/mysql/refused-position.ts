import { SluiceError } from '../../src/contract/index.ts';
import type { BinlogStream } from './binlog/binlog-stream.ts';
import type { BinlogHandler } from './binlog/events.ts';

/**
 * Whether a server begins to send its binlog from where it was asked to: MariaDB tells only so whether it still has what comes behind a GTID. Why it does
 * not; null where it does, or where the answer was no longer waited for. Throws what else ends the stream.
 */
export async function refusedPosition(binlog: Pick<BinlogStream, 'next' | 'wake'>, abort: AbortSignal): Promise<SluiceError | null> {
  let begun = false;
  const hear = () => {
    begun = true;
  };
  const handler: BinlogHandler = {
    gtid: hear,
    query: hear,
    rowsQuery: hear,
    rows: hear,
    xid: hear,
    xaPrepare: hear,
    rotate: hear,
    heartbeat: hear,
    incident: hear,
  };
  const wake = () => binlog.wake();
  abort.addEventListener('abort', wake);
  try {
    // What has come may be no more than a part of the answer.
    while (!begun && !abort.aborted) await binlog.next(handler);
    return null;
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'POSITION_LOST') return error;
    throw error;
  } finally {
    abort.removeEventListener('abort', wake);
  }
}
