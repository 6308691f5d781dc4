import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StreamPosition } from '../../../../connectors/postgres/position.ts';
import { StreamProgress } from '../../../../connectors/postgres/stream-progress.ts';

/** A transaction of the server's log: where its messages, its commit record and its end stand. */
type Transaction = { commitLsn: bigint; endLsn: bigint; messages: string[] };

const beginning: StreamPosition = { confirmedLsn: 0n, partial: null, lsn: 0n, lastCommitLsn: null, txId: null, timestampUs: 0n };

/** The log of a server: transactions in commit order, each with its messages. */
const serverLog = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 8 }).map(sizes => {
  let lsn = 1000n;
  return sizes.map((size, index): Transaction => {
    const messages = Array.from({ length: size }, (_, row) => `${index}.${row}`);
    const commitLsn = lsn + BigInt(size) + 8n;
    lsn = commitLsn + 8n;
    return { commitLsn, endLsn: lsn, messages };
  });
});

/** Streams as the server does: whole transactions whose commit stands at or behind `from`; stops after `steps` messages. */
function stream(log: readonly Transaction[], from: StreamPosition, steps: number): { delivered: string[]; stored: StreamPosition } {
  const progress = new StreamProgress(from, from.partial?.commitLsn ?? from.confirmedLsn);
  const delivered: string[] = [];
  let left = steps;
  let sent = 0n;
  for (const [index, transaction] of log.entries()) {
    if (transaction.commitLsn < from.confirmedLsn) continue;
    if (left-- === 0) return { delivered, stored: progress.position(sent) };
    progress.begin(transaction.commitLsn, index, 0n);
    for (const message of transaction.messages) {
      if (left-- === 0) return { delivered, stored: progress.position(sent) };
      if (progress.message()) delivered.push(message);
    }
    if (left-- === 0) return { delivered, stored: progress.position(sent) };
    progress.commit(transaction.endLsn);
    sent = transaction.endLsn;
  }
  return { delivered, stored: progress.position(sent) };
}

test('whatever the moments of the restarts, every message is delivered exactly once and in order', () => {
  fc.assert(
    fc.property(serverLog, fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 12 }), (log, stops) => {
      let position = beginning;
      const delivered: string[] = [];
      for (const steps of [...stops, Number.MAX_SAFE_INTEGER]) {
        const run = stream(log, position, steps);
        delivered.push(...run.delivered);
        position = run.stored;
      }
      assert.deepEqual(
        delivered,
        log.flatMap(({ messages }) => messages),
      );
    }),
  );
});

test('what is confirmed only moves forward and never beyond a transaction that is not read whole', () => {
  fc.assert(
    fc.property(serverLog, fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 12 }), (log, stops) => {
      let position = beginning;
      for (const steps of stops) {
        const { stored } = stream(log, position, steps);
        assert.ok(stored.confirmedLsn >= position.confirmedLsn);
        if (stored.partial) assert.ok(stored.confirmedLsn <= stored.partial.commitLsn);
        position = stored;
      }
    }),
  );
});

test('a message outside a transaction is confirmed up to its first byte, so that it is not sent again', () => {
  const progress = new StreamProgress(beginning, 0n);
  progress.at(500n);
  progress.standalone(500n);
  assert.equal(progress.position(0n).confirmedLsn, 501n);
});

test('between transactions everything the server has sent is confirmed, inside one nothing', () => {
  const progress = new StreamProgress(beginning, 0n);
  assert.equal(progress.position(700n).confirmedLsn, 700n);
  progress.begin(900n, 1, 0n);
  assert.equal(progress.position(800n).confirmedLsn, 700n);
});

test('an offset of Debezium goes on behind its last message: nothing is left out, and twice come only messages that share its place', () => {
  // Rows of a COPY share the place of their page.
  const places = fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(places, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(), (sizes, where, which) => {
      let lsn = 100n;
      const log = sizes.map((steps, index) => {
        const messages = steps.map(step => {
          lsn += BigInt(step);
          return lsn;
        });
        lsn += 20n;
        return { txId: index + 1, messages, commitLsn: lsn - 10n, endLsn: lsn };
      });
      const last = log[where % log.length]!;
      const done = which % last.messages.length;
      const lastCommit = log[(where % log.length) - 1]?.endLsn ?? 0n;
      const progress = new StreamProgress(beginning, lastCommit, { txId: last.txId, lsn: last.messages[done]! });
      const delivered: string[] = [];
      for (const { txId, messages, commitLsn, endLsn } of log) {
        progress.begin(commitLsn, txId, 0n);
        for (const [row, at] of messages.entries()) {
          progress.at(at);
          if (progress.message()) delivered.push(`${txId}.${row}`);
        }
        progress.at(endLsn);
        progress.commit(endLsn);
      }
      const wanted = log.flatMap(({ txId, messages }) =>
        messages.flatMap((_, row) => (txId > last.txId || (txId === last.txId && row > done) ? [`${txId}.${row}`] : [])),
      );
      for (const message of wanted) assert.ok(delivered.includes(message), `${message} is left out`);
      const twice = delivered.filter(message => !wanted.includes(message));
      for (const message of twice)
        assert.equal(last.messages[Number(message.split('.')[1])], last.messages[done], `${message} comes twice`);
      if (!last.messages.some((at, row) => row !== done && at === last.messages[done])) assert.deepEqual(twice, []);
    }),
  );
});

test('a message that makes several records comes again, since the last of them may be missing', () => {
  const progress = new StreamProgress(beginning, 0n, { txId: 1, lsn: 50n });
  progress.begin(100n, 1, 0n);
  progress.at(40n);
  assert.equal(progress.message(false), false);
  progress.at(50n);
  assert.equal(progress.message(false), true);
});

test('where the transaction that was taken over does not come again, nothing is taken for done', () => {
  const progress = new StreamProgress(beginning, 0n, { txId: 1, lsn: 50n });
  progress.begin(100n, 2, 0n);
  progress.at(40n);
  assert.equal(progress.message(), true);
});
