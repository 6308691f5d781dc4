import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Producer } from '@platformatic/kafka';
import type { EventLog, SluiceError } from '../../src/contract/index.ts';
import { kafkaClient } from '../services/kafka.ts';
import { sharedKafka } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { aName, append, exactlyOnce, makeTopic, never, openLog, readAll, textOf, workerOptions } from './kafka-log-fixture.ts';

const code =
  (expected: SluiceError['code'], message = /./) =>
  (error: unknown) =>
    (error as SluiceError).code === expected && message.test((error as SluiceError).message);
const values = async (log: EventLog, topic: string) => (await readAll(log, topic)).map(({ value }) => textOf(value));
const offset = (lsn: number) => [{ partition: { server: 'srv' }, offset: { lsn } }];

describe('transactions of the Kafka log', { timeout: 240_000 }, () => {
  let bootstrapServers: string;
  before(async () => {
    bootstrapServers = await sharedKafka();
  });

  test('a second worker takes a task over; what the first still appends is refused and never seen', async () => {
    const options = workerOptions(bootstrapServers, aName('transactions'));
    await using first = await openLog(options);
    await using second = await openLog(options);
    const topic = await makeTopic(first);
    const task = { connector: 'c', task: 0 };
    await using zombie = await first.writer(task, exactlyOnce, never);
    await append(zombie, [{ topic, value: 'before' }], offset(1));
    const queued = Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => append(zombie, [{ topic, value: `queued ${index}` }], offset(2 + index))),
    );
    await using owner = await second.writer(task, exactlyOnce, never);
    const outcomes = await queued;
    await assert.rejects(
      append(zombie, [{ topic, value: 'zombie' }], offset(99)),
      code('FENCED', /PRODUCER_FENCED|INVALID_PRODUCER_EPOCH|taken over/),
    );
    // Whatever of it came through before the take-over is exactly what the new owner goes on from.
    const durable = outcomes.filter(({ status }) => status === 'fulfilled').length;
    const lsn = Number(owner.offsets[0]!.offset!['lsn']);
    assert.ok(lsn >= 1 + durable);
    await append(owner, [{ topic, value: 'after' }], offset(lsn + 1));
    const expected = ['before', ...Array.from({ length: lsn - 1 }, (_, index) => `queued ${index}`), 'after'];
    assert.deepEqual(await values(second, topic), expected);
  });

  test('at whatever moment a task is taken over, its new owner goes on behind the last record there is', async () => {
    const options = workerOptions(bootstrapServers, aName('transactions'));
    await using first = await openLog(options);
    await using second = await openLog(options);
    const topic = await makeTopic(first);
    const workers = [first, second];
    let [appending, acknowledged]: [Promise<void> | null, number] = [null, 0];
    for (let round = 0; round < 10; round++) {
      const worker = workers[round % 2]!;
      const writer = await worker.writer({ connector: 'c', task: 0 }, exactlyOnce, never);
      await appending;
      const last = Number(writer.offsets[0]?.offset?.['lsn'] ?? 0);
      assert.deepEqual(
        await values(worker, topic),
        Array.from({ length: last }, (_, index) => `${index + 1}`),
      );
      const enough = acknowledged + 5;
      appending = (async () => {
        await using owned = writer;
        for (let lsn = last + 1; ; lsn++) {
          const refused = await append(owned, [{ topic, value: `${lsn}` }], offset(lsn)).catch((error: unknown) => error);
          if (refused !== undefined) return assert.ok(code('FENCED')(refused), String(refused));
          acknowledged++;
        }
      })();
      await until(() => acknowledged >= enough, { what: 'the owner to append' });
    }
    await using end = await first.writer({ connector: 'c', task: 0 }, exactlyOnce, never);
    await appending;
    assert.ok(Number(end.offsets[0]?.offset?.['lsn']) >= acknowledged);
  });

  test('a Connect worker’s producer is fenced by us, and fences us', async () => {
    const group = aName('transactions');
    await using log = await openLog(workerOptions(bootstrapServers, group));
    const topic = await makeTopic(log);
    const transactionalId = `${group}-c-0`;
    const connect = () => kafkaClient(bootstrapServers).producer({ transactionalId, maxInFlightRequests: 1, idempotent: true });
    const theirs = connect();
    await theirs.connect();
    const open = await theirs.transaction();
    await open.send({ topic, messages: [{ value: 'theirs, open' }] });
    await using writer = await log.writer({ connector: 'c', task: 0 }, exactlyOnce, never);
    await assert.rejects(open.commit());
    await append(writer, [{ topic, value: 'ours' }], offset(1));
    const again = connect();
    await again.connect();
    await (await again.transaction()).abort();
    await assert.rejects(append(writer, [{ topic, value: 'ours, too late' }]), code('FENCED'));
    assert.deepEqual(await values(log, topic), ['ours']);
    await Promise.all([theirs.disconnect(), again.disconnect()]);
  });

  test('aborted records are never seen, however they lie among others', async () => {
    await using log = await openLog(workerOptions(bootstrapServers, aName('transactions')));
    const topic = await makeTopic(log);
    const client = { clientId: 'test', bootstrapBrokers: [bootstrapServers], retryDelay: 5, producerId: -1n, producerEpoch: -1 };
    const expected: string[] = [];
    await using writer = await log.writer({ connector: 'c', task: 0 }, exactlyOnce, never);
    const producers = ['x', 'y'].map(id => new Producer({ ...client, idempotent: true, transactionalId: aName(id) }));
    for (let round = 0; round < 12; round++) {
      const [one, two] = await Promise.all(producers.map(producer => producer.beginTransaction()));
      const message = (value: string) => ({ messages: [{ topic, partition: 0, value: Buffer.from(value) }] });
      await one!.send(message(`one ${round}`));
      await two!.send(message(`two ${round}`));
      await append(writer, [{ topic, value: `ours ${round}` }]);
      await (round % 3 === 0 ? one!.commit() : one!.abort());
      await (round % 2 === 0 ? two!.commit() : two!.abort());
      if (round % 3 === 0) expected.push(`one ${round}`);
      if (round % 2 === 0) expected.push(`two ${round}`);
      expected.push(`ours ${round}`);
    }
    assert.deepEqual(await values(log, topic), expected);
    await Promise.all(producers.map(producer => producer.close()));
  });

  test('offsets behind another’s open transaction are waited for, not missed', async () => {
    const group = aName('transactions');
    await using log = await openLog(workerOptions(bootstrapServers, group, { 'offset.storage.partitions': '1' }));
    const client = { clientId: 'test', bootstrapBrokers: [bootstrapServers], timeout: 60_000, retryDelay: 5 };
    const other = new Producer({ ...client, producerId: -1n, producerEpoch: -1, idempotent: true, transactionalId: aName('other') });
    const task = { connector: 'c', task: 0 };
    await using former = await log.writer(task, exactlyOnce, never);
    const open = await other.beginTransaction();
    await open.send({
      messages: [{ topic: `${group}-offsets`, partition: 0, key: Buffer.from('["other",{}]'), value: Buffer.from('{}') }],
    });
    await former.append({ records: null, offsets: offset(7) });
    let made = false;
    const making = log.writer(task, exactlyOnce, never).then(writer => {
      made = true;
      return writer;
    });
    await until(async () => (await log.describeTopics([`${group}-offsets`]))[0]!.partitions[0]!.end > 2n, { what: 'both transactions' });
    assert.equal(made, false);
    await open.commit();
    await using writer = await making;
    assert.deepEqual(writer.offsets, offset(7));
    await other.close();
  });

  test('a record larger than the topic takes is refused by name; what was appended before is kept, nothing gets past it', async () => {
    await using log = await openLog(workerOptions(bootstrapServers, aName('transactions')));
    const [small, other] = [await makeTopic(log, 1, { 'max.message.bytes': '2000' }), await makeTopic(log)];
    const task = { connector: 'c', task: 0 };
    {
      await using writer = await log.writer(task, exactlyOnce, never);
      const before = append(writer, [{ topic: small, value: 'x'.repeat(1900) }], offset(1));
      const refused = append(
        writer,
        [
          { topic: other, value: 'goes with it' },
          { topic: small, value: 'x'.repeat(2000) },
        ],
        offset(2),
      );
      const behind = append(writer, [{ topic: other, value: 'behind' }], offset(3));
      await Promise.all([
        before,
        assert.rejects(refused, (error: SluiceError) => {
          assert.equal(error.code, 'RECORD_TOO_LARGE');
          assert.match(error.message, new RegExp(small));
          assert.deepEqual(error.cause, { topic: small, index: 1 });
          return true;
        }),
        assert.rejects(behind, code('LOG_UNAVAILABLE', /An earlier append .* failed/)),
      ]);
    }
    await using next = await log.writer(task, exactlyOnce, never);
    assert.deepEqual(next.offsets, offset(1));
    // Many small ones that together are larger go as several batches.
    const many = Array.from({ length: 50 }, () => ({ topic: small, value: 'y'.repeat(300) }));
    await append(next, [...many, { topic: other, value: 'after' }], offset(4));
    assert.equal((await values(log, small)).length, 51);
    assert.deepEqual(await values(log, other), ['after']);
  });

  test('a record up to max.request.size goes, the next byte does not', async () => {
    await using log = await openLog(workerOptions(bootstrapServers, aName('transactions')));
    const topic = await makeTopic(log, 1, { 'max.message.bytes': '6000000' });
    const overrides = { producerOverrides: { 'max.request.size': '5000000' }, transactional: true };
    await using writer = await log.writer({ connector: 'c', task: 0 }, overrides, never);
    // 61 bytes of batch, then length (4), attributes, timestamp, offset, key, value length (4), headers.
    const value = 'x'.repeat(5_000_000 - 61 - 4 - 4 - 4 - 1);
    await append(writer, [{ topic, value }]);
    await assert.rejects(append(writer, [{ topic, value: `${value}x` }]), code('RECORD_TOO_LARGE'));
    assert.deepEqual(
      (await values(log, topic)).map(text => text?.length),
      [value.length],
    );
  });

  test('what the broker refuses fails its transaction, and what is queued behind it', async () => {
    await using log = await openLog(workerOptions(bootstrapServers, aName('transactions')));
    const [compacted, topic] = [await makeTopic(log, 1, { 'cleanup.policy': 'compact' }), await makeTopic(log)];
    await using writer = await log.writer({ connector: 'c', task: 0 }, exactlyOnce, never);
    await append(writer, [{ topic, value: 'before' }], offset(1));
    const refused = append(writer, [{ topic: compacted, value: 'a record without key' }], offset(2));
    const behind = refused.catch(() => append(writer, [{ topic, value: 'behind' }], offset(3)));
    await assert.rejects(refused, code('LOG_REFUSED', /INVALID_RECORD.*[Cc]ompacted topic/));
    await assert.rejects(behind, code('LOG_UNAVAILABLE', /An earlier append .* failed/));
    await using next = await log.writer({ connector: 'c', task: 0 }, exactlyOnce, never);
    assert.deepEqual(next.offsets, offset(1));
    assert.deepEqual(await values(log, topic), ['before']);
  });

  test('appends that linger go together, and those of a closed writer are refused', async () => {
    await using log = await openLog(workerOptions(bootstrapServers, aName('transactions')));
    const topic = await makeTopic(log);
    const overrides = (lingerMs: string) => ({ producerOverrides: { 'linger.ms': lingerMs }, transactional: true });
    {
      await using writer = await log.writer({ connector: 'c', task: 0 }, overrides('2000'), never);
      const first = append(writer, [{ topic, value: 'a' }]);
      for (let turn = 0; turn < 10; turn++) await new Promise(resolve => setImmediate(resolve));
      await Promise.all([first, append(writer, [{ topic, value: 'b' }])]);
      // Two records and one marker: one transaction. Its end comes into the topic a moment after it was acknowledged, and before anybody reads it.
      assert.deepEqual(await values(log, topic), ['a', 'b']);
      assert.equal((await log.describeTopics([topic]))[0]!.partitions[0]!.end, 3n);
    }
    const writer = await log.writer({ connector: 'c', task: 0 }, overrides('60000'), never);
    const left = append(writer, [{ topic, value: 'c' }]);
    await Promise.all([assert.rejects(left, code('LOG_UNAVAILABLE', /closed/)), writer[Symbol.asyncDispose]()]);
    await assert.rejects(append(writer, [{ topic, value: 'd' }]), code('LOG_UNAVAILABLE', /closed/));
    assert.deepEqual(await values(log, topic), ['a', 'b']);
  });

  test('writing to a topic that does not exist names it', async () => {
    await using log = await openLog(workerOptions(bootstrapServers, aName('transactions')));
    const topic = aName('absent');
    await using writer = await log.writer({ connector: 'c', task: 0 }, exactlyOnce, never);
    await assert.rejects(append(writer, [{ topic, value: 'v' }]), code('TOPIC_UNKNOWN', new RegExp(topic)));
  });

  test('what is written alone stands last, behind the end of every transaction', async () => {
    await using log = await openLog(workerOptions(bootstrapServers, aName('transactions')));
    const topic = await makeTopic(log);
    const client = kafkaClient(bootstrapServers).producer({ transactionalId: aName('theirs'), maxInFlightRequests: 1, idempotent: true });
    await client.connect();
    const open = await client.transaction();
    await open.send({ topic, messages: [{ value: 'theirs' }] });
    const written = log.writeAlone!(topic, Buffer.from('end 0'));
    await open.commit();
    await written;
    await client.disconnect();
    await using writer = await log.writer({ connector: 'c', task: 0 }, exactlyOnce, never);
    for (let round = 0; round < 20; round++) {
      const last = (await readAll(log, topic)).at(-1)!;
      const [range] = await log.describeTopics([topic]);
      assert.deepEqual([textOf(last.value), last.key, last.offset + 1n], [`end ${round}`, null, range!.partitions[0]!.end]);
      await append(writer, [{ topic, value: 'ours' }]);
      await log.writeAlone!(topic, Buffer.from(`end ${round + 1}`));
    }
  });

  test('a topic that gets more partitions is written to with the new count after a while', async () => {
    await using log = await openLog(workerOptions(bootstrapServers, aName('transactions'), { 'metadata.max.age.ms': '1' }));
    const topic = await makeTopic(log, 1);
    await using writer = await log.writer({ connector: 'c', task: 0 }, exactlyOnce, never);
    const keys = Array.from({ length: 50 }, (_, index) => ({ topic, key: `key ${index}`, value: 'v' }));
    await append(writer, keys);
    const admin = kafkaClient(bootstrapServers).admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    await admin.disconnect();
    for (let round = 0; ; round++) {
      await append(writer, keys);
      if (new Set((await readAll(log, topic)).map(({ partition }) => partition)).size === 4) break;
      assert.ok(round < 200, 'still one partition');
    }
  });

  test('alterOffsets fences every task the connector may have', async () => {
    const options = workerOptions(bootstrapServers, aName('transactions'));
    await using log = await openLog(options);
    await using elsewhere = await openLog(options);
    const topic = await makeTopic(log);
    await log.connectors.putConfig('c', { 'tasks.max': '3' });
    await using zombie = await elsewhere.writer({ connector: 'c', task: 2 }, exactlyOnce, never);
    await append(zombie, [{ topic, value: 'before' }], offset(1));
    await log.connectors.alterOffsets('c', offset(50));
    await assert.rejects(append(zombie, [{ topic, value: 'zombie' }], offset(2)), code('FENCED'));
    assert.deepEqual(await log.connectors.offsets('c'), offset(50));
  });
});
