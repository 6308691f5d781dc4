import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitAll, Member } from '../../integration/consumer-suite/member.ts';
import { aName, append, exactlyOnce, makeTopic, never, openLog, workerOptions } from '../../integration/kafka-log-fixture.ts';
import { soonForgotten, startKafka } from '../../services/kafka.ts';
import { until } from '../../support/until.ts';

const count = 500;

test('members go on when their broker was killed, and when it was silent for longer than their session', { timeout: 300_000 }, async () => {
  await using kafka = await startKafka(soonForgotten);
  await using log = await openLog(workerOptions(kafka.bootstrapServers, aName('broker')));
  const topic = await makeTopic(log, 4);
  const group = aName('group');
  const fill = async (round: number) => {
    await using writer = await log.writer({ connector: aName('source'), task: 0 }, exactlyOnce, never);
    await append(
      writer,
      Array.from({ length: count }, (_, index) => ({ topic, value: String(round * count + index), partition: index % 4 })),
    );
  };
  const overrides = { 'session.timeout.ms': '6000', 'request.timeout.ms': '3000' };
  // A commit that the broker is not there for is made up for by the next one.
  const commit: typeof commitAll = async (records, member) => {
    try {
      await commitAll(records, member);
    } catch (error) {
      assert.match(String((error as { code?: string }).code), /FENCED|LOG_UNAVAILABLE/);
    }
  };
  await using one = new Member(log, { group, topics: [topic], overrides }, commit);
  await using two = new Member(log, { group, topics: [topic], overrides }, commit);
  const readAll = (rounds: number) =>
    until(
      () => {
        for (const { failure } of [one, two]) if (failure !== null) throw failure;
        return new Set([...one.values, ...two.values]).size === rounds * count;
      },
      { what: `${rounds * count} records`, timeoutMs: 90_000 },
    );
  await fill(0);
  await readAll(1);
  await kafka.stopImmediately();
  await kafka.start();
  await fill(1);
  await readAll(2);
  kafka.freeze();
  // By their own clocks others have their partitions by now.
  for (const member of [one, two]) await member.until('loss', ({ owned }) => owned.length === 0);
  kafka.thaw();
  await fill(2);
  await readAll(3);
  for (const member of [one, two])
    for (const partition of [0, 1, 2, 3]) {
      // Between two assignments each partition is in its order.
      let last = -1n;
      for (const event of member.told) {
        if (event.type === 'assigned') last = event.partitions.find(place => place.partition === partition)?.offset ?? -1n;
        if (event.type !== 'records') continue;
        for (const record of event.records.filter(one => one.partition === partition)) {
          assert.ok(record.offset >= last);
          last = record.offset + 1n;
        }
      }
    }
});
