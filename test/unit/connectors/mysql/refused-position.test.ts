import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BinlogHandler, EventHeader } from '../../../../connectors/mysql/binlog/events.ts';
import { refusedPosition } from '../../../../connectors/mysql/refused-position.ts';
import { SluiceError } from '../../../../src/contract/index.ts';

const header: EventHeader = {
  file: 'binlog.000002',
  position: 4,
  nextPosition: 4,
  timestamp: 0,
  type: 4,
  serverId: 1,
  size: 0,
  compressed: false,
};
const lost = new SluiceError('POSITION_LOST', 'Could not find GTID state requested by slave in any binlog files.');

/** A stream whose calls of `next` do these things, one after the other; behind them nothing comes. */
function streamOf(...comes: readonly ((handler: BinlogHandler) => void)[]) {
  const left = [...comes];
  let wake = () => {};
  let calls = 0;
  return {
    get calls() {
      return calls;
    },
    wake: () => wake(),
    async next(handler: BinlogHandler): Promise<void> {
      calls++;
      const come = left.shift();
      if (come) come(handler);
      else
        await new Promise<void>(resolve => {
          wake = resolve;
        });
    },
  };
}

const apart = () => {};
const never = new AbortController().signal;

test('an answer that comes in parts is waited for to its end, whatever it is', async () => {
  const refuses = () => {
    throw lost;
  };
  assert.equal(await refusedPosition(streamOf(apart, apart, refuses), never), lost);
  const begins = streamOf(apart, handler => handler.rotate(header));
  assert.equal(await refusedPosition(begins, never), null);
  assert.equal(begins.calls, 2);
});

test('what is no refusal of the position is thrown', async () => {
  const gone = new SluiceError('DATABASE_UNAVAILABLE', 'The connection to the database was lost');
  const ends = () => {
    throw gone;
  };
  await assert.rejects(refusedPosition(streamOf(apart, ends), never), gone);
});

test('a task that is stopped does not wait for the answer of a server that has fallen silent', async () => {
  const abort = new AbortController();
  const silent = streamOf();
  const answer = refusedPosition(silent, abort.signal);
  assert.equal(silent.calls, 1);
  abort.abort();
  assert.equal(await answer, null);
});
