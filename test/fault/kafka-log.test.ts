import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EventLog, LogWriter, SluiceError } from '../../src/contract/index.ts';
import {
  aName,
  append,
  exactlyOnce,
  FaultyNetwork,
  makeTopic,
  never,
  openLog,
  readAll,
  textOf,
  workerOptions,
} from '../integration/kafka-log-fixture.ts';
import { KafkaServer, kafkaLibraries, soonForgotten } from '../services/kafka.ts';
import { freePort } from '../support/free-port.ts';
import { randomOf } from '../support/random-changes.ts';
import { until } from '../support/until.ts';
import { faultSeed } from './rounds.ts';

const task = { connector: 'c', task: 0 };
const partition = { server: 'srv' };
const recordsPerAppend = 20;
/** API keys of the Kafka protocol. */
const endTransaction = 26;

/**
 * A source that counts: each append has the next numbers, and how far it is as its offset. After a failure it opens a new writer and
 * goes on from that one's offset, as a source task does. Ends when `enough` numbers are durable; gives how often it had to begin again.
 */
async function count(log: EventLog, topic: string, enough: number): Promise<number> {
  let restarts = -1;
  for (;;) {
    restarts++;
    assert.ok(restarts < 500, 'no progress');
    const opened = await log
      .writer(task, exactlyOnce, never)
      .catch((error: SluiceError) => assert.equal(error.code, 'LOG_UNAVAILABLE', error.stack));
    if (opened === undefined) continue;
    await using writer: LogWriter = opened;
    let next = Number(writer.offsets[0]?.offset?.['next'] ?? 0);
    const underWay: Promise<boolean>[] = [];
    while (next < enough) {
      const records = Array.from({ length: recordsPerAppend }, (_, index) => ({ topic, key: 'k', value: String(next + index) }));
      next += recordsPerAppend;
      underWay.push(
        append(writer, records, [{ partition, offset: { next } }]).then(
          () => true,
          (error: SluiceError) => {
            assert.equal(error.code, 'LOG_UNAVAILABLE', error.stack);
            return false;
          },
        ),
      );
      // Overlapping, as a source that reads on while the log writes.
      if (underWay.length >= 4 && !(await underWay.shift())) break;
    }
    if ((await Promise.all(underWay)).every(Boolean) && next >= enough) return restarts;
  }
}

describe('the Kafka log on a failing network', { timeout: 300_000 }, () => {
  let server: KafkaServer;
  let network: FaultyNetwork;
  let bootstrapServers: string;

  before(async () => {
    const [port, faulty, advertised, controller] = [await freePort(), await freePort(), await freePort(), await freePort()];
    server = new KafkaServer(port, await kafkaLibraries());
    await server.initialize(controller, {
      ...soonForgotten,
      listeners: `PLAINTEXT://127.0.0.1:${port},FAULTY://127.0.0.1:${faulty},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},FAULTY://127.0.0.1:${advertised}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,FAULTY:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      // When the broker looks for transactions that took too long.
      'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200',
    });
    await server.start();
    network = new FaultyNetwork(() => faulty);
    await network.listen(advertised);
    bootstrapServers = `127.0.0.1:${advertised}`;
  });
  after(async () => {
    await network?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const options = (more: Record<string, string> = {}) =>
    workerOptions(bootstrapServers, aName('faults'), { 'retry.backoff.ms': '5', ...more });

  async function assertCountedOnce(log: EventLog, topic: string, enough: number): Promise<void> {
    const found = (await readAll(log, topic)).map(({ value }) => Number(textOf(value)));
    assert.deepEqual(
      found,
      Array.from({ length: enough }, (_, index) => index),
    );
    assert.deepEqual(await log.connectors.offsets('c'), [{ partition, offset: { next: enough } }]);
  }

  test('every record is in the log exactly once, in order, wherever connections break', async t => {
    const below = randomOf(faultSeed * 100 + 5);
    await using log = await openLog(options());
    const topic = await makeTopic(log);
    let left = below(3000);
    let cuts = 0;
    network.onRequest = bytes => {
      left -= bytes;
      if (left > 0) return;
      left = 500 + below(8000);
      cuts++;
      // Some break before the request has gone on, some behind it: then the broker does what nobody hears of.
      if (below(2) === 0) network.cut();
      else setImmediate(() => network.cut());
    };
    let restarts: number;
    try {
      restarts = await count(log, topic, 6000);
    } finally {
      network.onRequest = () => {};
    }
    t.diagnostic(`${cuts} cuts, ${restarts} new writers`);
    assert.ok(cuts > 20, 'the network has hardly failed');
    await assertCountedOnce(log, topic, 6000);
  });

  test('a broker that no longer answers makes appends fail within their time, and nothing is lost or doubled', async () => {
    const own = options();
    // Whom a laden machine keeps waiting for that long is no fault of the log's: it is looked at with more patience than it is written with.
    await using patient = await openLog(own);
    await using log = await openLog({ ...own, 'request.timeout.ms': '700', 'producer.delivery.timeout.ms': '2000' });
    const topic = await makeTopic(patient);
    await count(log, topic, 100);
    let requests = 0;
    const opened = () =>
      log.writer(task, exactlyOnce, never).catch((error: SluiceError) => {
        assert.equal(error.code, 'LOG_UNAVAILABLE', error.stack);
        return null;
      });
    for (const silentAfter of [1, 2, 3, 4]) {
      await using writer = await until(opened, { what: 'a writer' });
      const next = Number(writer.offsets[0]!.offset!['next']);
      requests = 0;
      network.onRequest = () => {
        if (++requests === silentAfter) network.hold();
      };
      const values = Array.from({ length: recordsPerAppend }, (_, index) => ({ topic, key: 'k', value: String(next + index) }));
      const appended = append(writer, values, [{ partition, offset: { next: next + recordsPerAppend } }]);
      await appended.catch((error: SluiceError) => assert.equal(error.code, 'LOG_UNAVAILABLE', error.stack));
      network.onRequest = () => {};
      network.release();
    }
    await count(log, topic, 400);
    await assertCountedOnce(patient, topic, 400);
  });

  test('a transaction that outlives its time-out is a fault of the log, not another owner', async () => {
    const own = options();
    await using log = await openLog({ ...own, 'producer.transaction.timeout.ms': '1000' });
    const topic = await makeTopic(log);
    // What is to be durable has all the time it needs.
    await using patient = await openLog(own);
    await count(patient, topic, recordsPerAppend);
    await using writer = await log.writer(task, exactlyOnce, never);
    let held = false;
    network.onRequest = (_, apiKey) => {
      if (apiKey !== endTransaction || held) return;
      held = true;
      network.hold();
    };
    let ended = false;
    const late = append(writer, [{ topic, key: 'k', value: 'late' }], [{ partition, offset: { next: recordsPerAppend + 1 } }]).finally(
      () => {
        ended = true;
      },
    );
    late.catch(() => {}); // judged below
    // Or this machine has held it up before its end was asked for.
    await until(() => held || ended, { what: 'the end of the transaction to be held up' });
    // Read over another way: where that comes to the end, the broker has ended the transaction.
    await using elsewhere = await openLog(workerOptions(server.bootstrapServers, aName('elsewhere')));
    await readAll(elsewhere, topic);
    network.onRequest = () => {};
    network.release();
    await assert.rejects(late, (error: SluiceError) => {
      assert.equal(error.code, 'LOG_UNAVAILABLE', error.message);
      assert.match(error.message, /transaction\.timeout\.ms/);
      return true;
    });
    await using next = await log.writer(task, exactlyOnce, never);
    assert.deepEqual(next.offsets, [{ partition, offset: { next: recordsPerAppend } }]);
    assert.equal((await readAll(log, topic)).length, recordsPerAppend);
  });

  test('a broker that is killed and comes back is written to again', async () => {
    await using log = await openLog(options());
    const topic = await makeTopic(log);
    await count(log, topic, 200);
    const counting = count(log, topic, 4000);
    await server.stopImmediately();
    await server.start();
    await counting;
    await assertCountedOnce(log, topic, 4000);
  });

  test('a follower goes on after its connection breaks', async () => {
    await using log = await openLog(options());
    const topic = await makeTopic(log);
    const abort = new AbortController();
    const found: (string | null)[] = [];
    const following = (async () => {
      for await (const records of log.read({ topics: [topic], from: 'start', follow: true }, abort.signal)) {
        found.push(...records.map(({ value }) => textOf(value)));
        network.cut();
        if (found.length === 200) abort.abort();
      }
    })();
    await count(log, topic, 200);
    await following;
    assert.deepEqual(
      found,
      Array.from({ length: 200 }, (_, index) => String(index)),
    );
  });

  test('nobody there: opening fails with LOG_UNAVAILABLE and says so', async () => {
    const abort = AbortSignal.timeout(500);
    const { openKafkaLog } = await import('../../src/log/kafka/kafka-log.ts');
    const { kafkaLogConfig } = await import('../../src/log/kafka/log-config.ts');
    const config = kafkaLogConfig(workerOptions(`127.0.0.1:${await freePort()}`, 'nobody'));
    await assert.rejects(openKafkaLog(config, abort), (error: SluiceError) => error.code === 'LOG_UNAVAILABLE');
  });
});
