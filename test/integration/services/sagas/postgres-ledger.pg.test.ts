import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ConsumerEvent, EventLog, LogRecord } from '../../../../src/contract/index.ts';
import { decide, nextDueAtMs } from '../../../../src/services/sagas/machine.ts';
import { SagaBatch } from '../../../../src/services/sagas/runtime/saga-batch.ts';
import type { SagaLedger, SagaStore } from '../../../../src/services/sagas/runtime/saga-store.ts';
import { instancesTopicOf } from '../../../../src/services/sagas/runtime/saga-topics.ts';
import type { PinnedDefinition, SagaInstance } from '../../../../src/services/sagas/saga.ts';
import { connectTo, type FreshDatabase, freshDatabase } from '../../../support/fresh-database.ts';
import { sharedPostgres } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';
import { embeddedLogUnderTest } from '../../embedded-log-under-test.ts';
import { code } from '../../log-suite/suite.ts';
import type { LogUnderTest } from '../../log-suite.ts';
import { pinnedOrderSaga } from './order-saga.ts';
import { Publication } from './publication.ts';
import { orderCreated, publish, readTopic, SagaRun } from './saga-run.ts';
import { storeIn } from './saga-store-under-test.ts';

const never = new AbortController().signal;
let prefixes = 0;

describe('sagas in PostgreSQL', { timeout: 300_000 }, () => {
  let under: LogUnderTest;
  let database: FreshDatabase;
  let store: SagaStore;
  const log = (): EventLog => under.log;
  before(async () => {
    under = await embeddedLogUnderTest();
    database = await freshDatabase(await sharedPostgres(18));
    store = storeIn(database.url);
    await store.prepare();
  });
  after(async () => {
    await database[Symbol.asyncDispose]();
    await under[Symbol.asyncDispose]();
  });

  const aSaga = () => pinnedOrderSaga({ prefix: `l${prefixes++}` });
  const lead = (pinned: PinnedDefinition, owner = 'one', on: EventLog = log()): Promise<SagaLedger> =>
    store.lead({ saga: pinned.definition.name, log: on, workerId: owner, onRetry: () => {} }, never);
  /** A consumer whose group nobody is in: the ledger asks it for nothing but where to go on. */
  const consumerOf = (pinned: PinnedDefinition) =>
    log().consumer({
      group: `group-${pinned.definition.name}`,
      topics: [pinned.definition.start.topic],
      reset: 'earliest',
      bufferBytesMax: 1 << 20,
      recordsMax: 10,
      overrides: {},
    });
  /** What a starting event leads to. */
  const begun = (pinned: PinnedDefinition, correlationId: string, nowMs: number) => {
    const { topic, type } = pinned.definition.start;
    const message = { topic, type, correlationId, data: { orderId: correlationId, amount: 1, note: 'a\0b \ud800' }, idempotencyKey: null };
    return decide(pinned, null, { kind: 'message', message }, nowMs);
  };
  const begin = (batch: SagaBatch, pinned: PinnedDefinition, id: string, nowMs: number): SagaInstance => {
    const { instance, commands } = begun(pinned, id, nowMs);
    batch.move(null, instance!, commands, nowMs);
    return instance!;
  };
  const count = async (table: string, pinned: PinnedDefinition): Promise<number> => {
    const { rows } = await database.client.query<{ count: number }>(
      `select count(*)::int as count from sluice_sagas.${table} where saga = $1`,
      [pinned.definition.name],
    );
    return rows[0]!.count;
  };

  test('who leads no longer stores nothing more: neither transitions, nor commands, nor offsets', async () => {
    const pinned = aSaga();
    await using consumer = consumerOf(pinned);
    await using zombie = await lead(pinned, 'zombie');
    const place = { topic: pinned.definition.start.topic, partition: 0 };
    await zombie.place([{ ...place, offset: 0n, era: 1 }], consumer);
    const first = new SagaBatch();
    begin(first, pinned, 'o-1', 1_000);
    await zombie.append(first, [{ ...place, offset: 1n }], consumer);

    await using leader = await lead(pinned, 'leader');
    const late = new SagaBatch();
    begin(late, pinned, 'o-2', 1_000);
    await assert.rejects(zombie.append(late, [{ ...place, offset: 2n }], consumer), code('FENCED'));
    await assert.rejects(zombie.append(new SagaBatch(), [{ ...place, offset: 2n }], consumer), code('FENCED'), 'nor anything behind it');
    await assert.rejects(zombie.define(pinned, []), code('FENCED'));
    assert.deepEqual(
      [
        await count('instances', pinned),
        await count('events', pinned),
        await count('messages', pinned),
        await count('definitions', pinned),
      ],
      [1, 1, 1, 0],
    );
    const { rows } = await database.client.query(
      'select o.owner, o.epoch, f.next_offset from sluice_sagas.owners o join sluice_sagas.offsets f using (saga) where saga = $1',
      [pinned.definition.name],
    );
    assert.deepEqual(rows, [{ owner: 'leader', epoch: '2', next_offset: '1' }]);
    assert.deepEqual([...leader.instances.active.keys()], [`${pinned.definition.name}:o-1`]);
    await leader.append(late, [{ ...place, offset: 2n }], consumer);
    assert.equal(await count('instances', pinned), 2);
  });

  test('transitions, commands and offsets are stored together, or none of them; and nothing is stored behind what failed', async () => {
    const [pinned, other] = [aSaga(), aSaga()];
    const { topic } = pinned.definition.start;
    const counts = async (of: PinnedDefinition) => [await count('instances', of), await count('messages', of), await count('offsets', of)];
    {
      await using ledger = await lead(pinned);
      await using consumer = consumerOf(pinned);
      const batch = new SagaBatch();
      begin(batch, pinned, 'o-1', 1_000);
      // No column holds such a partition.
      await assert.rejects(ledger.append(batch, [{ topic, partition: 2 ** 40, offset: 1n }], consumer), code('STORE_FAILED'));
      assert.deepEqual(await counts(pinned), [0, 0, 0]);
      await assert.rejects(ledger.append(batch, [{ topic, partition: 0, offset: 1n }], consumer), code('STORE_FAILED'));
      assert.deepEqual(await counts(pinned), [0, 0, 0]);
    }
    await using ledger = await lead(other);
    await using consumer = consumerOf(other);
    const first = new SagaBatch();
    const instance = begin(first, other, 'o-1', 1_000);
    await ledger.append(first, [{ topic, partition: 0, offset: 1n }], consumer);
    const again = new SagaBatch();
    again.move(instance, instance, begun(other, 'o-1', 1_000).commands, 1_000);
    await assert.rejects(
      ledger.append(again, [{ topic, partition: 1, offset: 1n }], consumer),
      code('STORE_FAILED'),
      'a version of a stream is there once',
    );
    assert.deepEqual(await counts(other), [1, 1, 1]);
  });

  test('who takes over waits for a transaction that is under way, and has what it stored', async () => {
    const pinned = aSaga();
    const { name } = pinned.definition;
    await using former = await lead(pinned, 'former');
    await using consumer = consumerOf(pinned);
    // Holds the former leader within its transaction: behind its fence, before its instances.
    await using other = await connectTo(database.url);
    await other.query('begin; lock table sluice_sagas.instances in share row exclusive mode');
    const batch = new SagaBatch();
    begin(batch, pinned, 'o-1', 1_000);
    const appended = former.append(batch, [], consumer);
    const waiting = async (what: string) => {
      const here = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ilike $1";
      const { rows } = await database.client.query(here, [what]);
      return rows.length > 0;
    };
    await until(() => waiting('%insert into%instances%'), { what: 'the former leader to wait', timeoutMs: 60_000 });
    const taken = lead(pinned, 'next');
    await until(() => waiting('%insert into%owners%'), { what: 'the next leader to wait', timeoutMs: 60_000 });
    await other.query('commit');
    await appended;
    await using next = await taken;
    assert.deepEqual([...next.instances.active.keys()], [`${name}:o-1`]);
  });

  test('a restart has all that goes on whole, page by page, and of what has ended what a list shows', async () => {
    const pinned = aSaga();
    const { name } = pinned.definition;
    const expected = new Map<string, SagaInstance>();
    {
      await using ledger = await lead(pinned);
      await using consumer = consumerOf(pinned);
      await ledger.define(pinned, []);
      const batch = new SagaBatch();
      // More than two pages, many of them of one moment.
      for (let index = 0; index < 450; index++) expected.set(`${name}:o-${index}`, begin(batch, pinned, `o-${index}`, 1_000 + (index % 3)));
      await ledger.append(batch, [], consumer);
      // Every other one goes on through its time-outs until it is given up and undone.
      for (let round = 0; round < 60; round++) {
        const more = new SagaBatch();
        for (const [id, before] of expected) {
          const dueAtMs = nextDueAtMs(before);
          if (Number(id.slice(id.lastIndexOf('-') + 1)) % 50 !== 0 || dueAtMs === null) continue;
          const { instance, commands } = decide(pinned, before, { kind: 'time' }, dueAtMs);
          more.move(before, instance!, commands, dueAtMs);
          expected.set(id, instance!);
        }
        if (more.isEmpty) break;
        await ledger.append(more, [], consumer);
      }
      const gone = new SagaBatch();
      gone.forget(`${name}:o-1`);
      expected.delete(`${name}:o-1`);
      // One that begins anew in the unit that forgets it.
      gone.forget(`${name}:o-2`);
      expected.set(`${name}:o-2`, begin(gone, pinned, 'o-2', 5_000));
      await ledger.append(gone, [], consumer);
    }
    await using ledger = await lead(pinned);
    const { active, ended, definitions } = ledger.instances;
    assert.deepEqual(definitions.get(pinned.hash), JSON.parse(JSON.stringify(pinned)));
    const going = [...expected.values()].filter(({ endedAtMs, state }) => endedAtMs === null && state !== 'stuck');
    assert.ok(going.length > 400);
    for (const instance of expected.values()) {
      const { id, state, version, startedAtMs, endedAtMs, definitionHash } = instance;
      if (endedAtMs === null) assert.deepEqual(active.get(id), instance);
      else {
        assert.deepEqual(ended.get(id), { id, state, version, startedAtMs, endedAtMs, definitionHash, floor: 0n });
        assert.deepEqual(await ledger.load(ended.get(id)!, never), instance);
      }
    }
    assert.equal(active.size + ended.size, expected.size);
    assert.equal(ledger.instances.due.nextAtMs, Math.min(...going.map(instance => nextDueAtMs(instance)!)));
  });

  test('a stream that somebody has deleted a part of is refused, with what to do', async () => {
    const pinned = aSaga();
    {
      await using ledger = await lead(pinned);
      const batch = new SagaBatch();
      begin(batch, pinned, 'o-1', 1_000);
      await ledger.append(batch, [], consumerOf(pinned));
    }
    await database.client.query('delete from sluice_sagas.events where saga = $1', [pinned.definition.name]);
    await assert.rejects(lead(pinned), { code: 'STORE_FAILED', message: /The events of saga .*:o-1 are not all in their table/ });
  });

  test('another log than the one that a saga hears is refused, and so is a saga whose instances go on in its log', async () => {
    const pinned = aSaga();
    await (await lead(pinned))[Symbol.asyncDispose]();
    await using another = await embeddedLogUnderTest();
    await assert.rejects(lead(pinned, 'one', another.log), { code: 'CONFIG_INVALID', message: /hears another log than this worker's/ });

    const left = aSaga();
    {
      await using run = await (await SagaRun.start(log(), [left])).ready();
      await run.publish([orderCreated(`l${prefixes - 1}`, 'o-1')]);
      await run.shows('o-1', 'have begun', () => true);
    }
    await assert.rejects(lead(left), {
      code: 'CONFIG_INVALID',
      message: new RegExp(`1 instances of saga .* go on in the topic ${instancesTopicOf(left.definition.name)}`),
    });
  });

  test('listening goes on where the tables say, whatever the group says, and anew where the topic was made again', async () => {
    const pinned = aSaga();
    const { topic } = pinned.definition.start;
    const made = { topic, partitions: 1, replicationFactor: 1, configs: {} };
    await log().ensureTopics([made], never);
    await publish(
      log(),
      Array.from({ length: 5 }, (_, index) => orderCreated(topic.replace(/-order-created$/, ''), `o-${index}`)),
    );
    const firstHeard = async (next: bigint | null): Promise<bigint> => {
      await using ledger = await lead(pinned);
      await using consumer = consumerOf(pinned);
      const abort = new AbortController();
      for await (const event of consumer.events(abort.signal) as AsyncIterable<ConsumerEvent>) {
        if (event.type === 'assigned') await ledger.place(event.partitions, consumer);
        if (event.type !== 'records') continue;
        const first = event.records[0]!.offset;
        if (next !== null) await ledger.append(new SagaBatch(), [{ topic, partition: 0, offset: next }], consumer);
        return first;
      }
      throw new Error('nothing came');
    };
    assert.equal(await firstHeard(3n), 0n);
    assert.equal(await firstHeard(null), 3n);
    await log().deleteTopics([topic]);
    await log().ensureTopics([made], never);
    await publish(log(), [orderCreated(topic.replace(/-order-created$/, ''), 'new')]);
    assert.equal(await firstHeard(null), 0n);
  });

  test('messages are published to the byte, once, from before the connector began too, and then deleted', async () => {
    const pinned = aSaga();
    const prefix = `l${prefixes - 1}`;
    await using ledger = await lead(pinned);
    await using consumer = consumerOf(pinned);
    const bytes = Buffer.from([0, 255, 128, 10]);
    const letter = (value: Uint8Array | null): LogRecord => ({
      ...{ topic: 'somewhere', partition: 0, offset: 7n, timestampMs: 1_700_000_000_123, key: value === null ? null : bytes, value },
      headers: [],
    });
    const headers = [
      { key: 'a\0 name', value: bytes },
      { key: 'none', value: null },
    ];
    const topic = `${prefix}-letters`;
    const write = async (id: string) => {
      const batch = new SagaBatch();
      begin(batch, pinned, id, 1_000);
      batch.dead.push({ topic, record: letter(bytes), headers }, { topic, record: letter(null), headers: [] });
      await ledger.append(batch, [], consumer);
    };
    await write('o-1');
    await using _publication = await Publication.start(log(), store);
    const published = async (number: number) => {
      const all = async () => [await readTopic(log(), topic), await readTopic(log(), `${prefix}-inventory-commands`)] as const;
      const enough = async () => {
        const [letters, commands] = await all();
        return letters.length >= 2 * number && commands.length >= number;
      };
      await until(enough, { what: `${number} commands and twice as many letters`, timeoutMs: 60_000 });
      return all();
    };
    await published(1);
    await write('o-2');
    const [letters, commands] = await published(2);
    assert.equal(letters.length, 4);
    for (const index of [0, 2]) {
      const { key, value, headers: found, timestampMs } = letters[index]!;
      assert.deepEqual([Buffer.from(key!), Buffer.from(value!), timestampMs], [bytes, bytes, 1_700_000_000_123]);
      assert.deepEqual(
        found.map(({ key: name, value: own }) => [name, own === null ? null : Buffer.from(own)]),
        headers.map(({ key: name, value: own }) => [name, own]),
      );
      assert.deepEqual([letters[index + 1]!.key, letters[index + 1]!.value], [null, null]);
    }
    const name = pinned.definition.name;
    assert.deepEqual(
      commands.map(({ key, value, headers: found }) => [
        ...[key, value].map(part => Buffer.from(part!).toString()),
        ...found.map(header => `${header.key}=${Buffer.from(header.value!)}`),
      ]),
      ['o-1', 'o-2'].map(id => [
        id,
        `{"orderId":"${id}","amount":1}`,
        'type=RESERVE_INVENTORY',
        `idempotencyKey=${name}:${id}:RESERVE_INVENTORY:1`,
        `sagaId=${name}:${id}`,
      ]),
    );
    await until(
      async () => {
        await ledger.tidy(consumer);
        return (await count('messages', pinned)) === 0;
      },
      { what: 'the messages to be deleted', timeoutMs: 60_000 },
    );
    assert.equal((await published(2))[0].length, 4);
  });
});
