import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { EventLog, LogRecord } from '../../../../src/contract/index.ts';
import { deadLettersTopicOf } from '../../../../src/services/sagas/runtime/saga-topics.ts';
import type { PinnedDefinition } from '../../../../src/services/sagas/saga.ts';
import { until } from '../../../support/until.ts';
import { code } from '../../log-suite/suite.ts';
import type { LogUnderTest } from '../../log-suite.ts';
import { type OrderSagaSettings, pinnedOrderSaga } from './order-saga.ts';
import { orderCreated, publish, readTopic, SagaRun, type SagaRunOptions } from './saga-run.ts';
import { inLog, type SagaStoreUnderTest } from './saga-store-under-test.ts';
import { obliging, ToyServices } from './toy-services.ts';

/** Longer than any machine takes between two steps; it passes on the sagas’ clock alone. */
const timeoutMs = 120_000;
const text = (bytes: Uint8Array | null) => Buffer.from(bytes ?? []).toString();
const headerOf = (record: LogRecord, name: string) => text(record.headers.find(({ key }) => key === name)?.value ?? null);

/** What holds of sagas on every log, wherever their instances are kept. */
export function sagaStatements(
  name: string,
  open: () => Promise<LogUnderTest>,
  openStore: (log: EventLog) => Promise<SagaStoreUnderTest> = inLog,
): void {
  describe(`sagas on the ${name} log`, { timeout: 300_000 }, () => {
    let under: LogUnderTest;
    let stored: SagaStoreUnderTest;
    const log = (): EventLog => under.log;
    before(async () => {
      under = await open();
      stored = await openStore(under.log);
    });
    after(async () => {
      await stored[Symbol.asyncDispose]();
      await under[Symbol.asyncDispose]();
    });

    const aPrefix = () => `t${randomUUID().slice(0, 8)}`;
    const start = (definitions: readonly PinnedDefinition[], options?: SagaRunOptions) =>
      SagaRun.start(log(), definitions, { store: stored.store, ...options });
    /** An order saga of its own, with services that answer. */
    async function world(settings: Omit<OrderSagaSettings, 'prefix'> = {}, options?: SagaRunOptions) {
      const prefix = aPrefix();
      const pinned = pinnedOrderSaga({ prefix, ...settings });
      const run = await (await start([pinned], options)).ready();
      const services = await ToyServices.open(log(), prefix);
      return {
        prefix,
        pinned,
        run,
        services,
        async [Symbol.asyncDispose]() {
          await services[Symbol.asyncDispose]();
          await run[Symbol.asyncDispose]();
        },
      };
    }

    test('the seed’s order goes its way to the end, each command once', async () => {
      await using place = await world();
      const { prefix, run, services } = place;
      await run.publish([orderCreated(prefix, 'o-1')]);
      const shown = await run.reached('o-1', 'completed');
      assert.deepEqual(
        services.commands.map(({ type, key }) => [type, key]),
        ['RESERVE_INVENTORY', 'PROCESS_PAYMENT', 'CONFIRM_ORDER'].map(type => [type, `${run.saga}:o-1:${type}:1`]),
      );
      assert.ok(shown.ended !== null);
      assert.deepEqual(run.service.overview()[0]!.instances, { running: 0, compensating: 0, completed: 1, compensated: 0, stuck: 0 });
    });

    test('a payment that fails releases the inventory', async () => {
      await using place = await world();
      const { prefix, run, services } = place;
      services.behaviour = command => (command.type === 'PROCESS_PAYMENT' ? { topic: 'payment-failed' } : obliging(command));
      await run.publish([orderCreated(prefix, 'o-1')]);
      await run.reached('o-1', 'compensated');
      assert.deepEqual(
        services.commands.map(({ type }) => type),
        ['RESERVE_INVENTORY', 'PROCESS_PAYMENT', 'RELEASE_INVENTORY'],
      );
    });

    test('a starting event that comes twice, also after the end, starts one', async () => {
      await using place = await world();
      const { prefix, run, services } = place;
      await run.publish([orderCreated(prefix, 'o-1'), orderCreated(prefix, 'o-1')]);
      await run.reached('o-1', 'completed');
      await run.publish([orderCreated(prefix, 'o-1'), orderCreated(prefix, 'o-2')]);
      await run.reached('o-2', 'completed');
      assert.equal(services.commands.filter(({ orderId }) => orderId === 'o-1').length, 3);
      assert.equal((await run.service.list(run.saga, null, 100)).total, 2);
    });

    test('an answer that does not come is waited for no longer than it may, and the command sent again', async () => {
      await using place = await world({ timeout: '2m' });
      const { prefix, run, services } = place;
      services.behaviour = command => (command.type === 'PROCESS_PAYMENT' && command.attempt === 1 ? null : obliging(command));
      await run.publish([orderCreated(prefix, 'o-1')]);
      await services.got('PROCESS_PAYMENT');
      await run.pass(timeoutMs);
      await run.reached('o-1', 'completed');
      assert.deepEqual(
        services.commands.filter(({ type }) => type === 'PROCESS_PAYMENT').map(({ attempt }) => attempt),
        [1, 2],
      );
    });

    test('timers and what was under way outlive a restart', async () => {
      const prefix = aPrefix();
      const pinned = pinnedOrderSaga({ prefix, timeout: '2m' });
      await using services = await ToyServices.open(log(), prefix);
      {
        await using run = await (await start([pinned])).ready();
        services.behaviour = command => (command.type === 'PROCESS_PAYMENT' ? null : obliging(command));
        await run.publish([orderCreated(prefix, 'o-1')]);
        await services.got('PROCESS_PAYMENT');
      }
      services.behaviour = obliging;
      await using run = await (await start([pinned])).ready();
      await run.pass(timeoutMs);
      await run.reached('o-1', 'completed');
      const payments = services.commands.filter(({ type }) => type === 'PROCESS_PAYMENT');
      assert.deepEqual(
        payments.map(({ attempt }) => attempt),
        [1, 2],
        'the time was up for the first attempt',
      );
    });

    test('answers that came while nobody listened are heard before anything times out', async () => {
      const prefix = aPrefix();
      const pinned = pinnedOrderSaga({ prefix, timeout: '2m', attempts: 2 });
      await using services = await ToyServices.open(log(), prefix);
      services.behaviour = () => null;
      {
        await using run = await (await start([pinned])).ready();
        await run.publish([orderCreated(prefix, 'o-1')]);
        await until(() => services.commands.length === 1, { what: 'the first command', timeoutMs: 60_000 });
      }
      const { orderId, key } = services.commands[0]!;
      const headers = [{ key: 'idempotencyKey', value: Buffer.from(key) }];
      const others = Array.from({ length: 1_500 }, (_, index) => orderCreated(prefix, `other-${index}`));
      await publish(log(), [
        ...others,
        { topic: `${prefix}-inventory-reserved`, key: orderId, value: JSON.stringify({ orderId }), headers },
      ]);
      services.behaviour = obliging;
      await using run = await (await start([pinned], { aheadMs: timeoutMs })).ready();
      const { timeline } = await run.reached('o-1', 'completed');
      assert.doesNotMatch(timeline.map(({ reason }) => reason).join('\n'), /no answer/);
      assert.deepEqual(
        services.commands.filter(command => command.orderId === 'o-1').map(({ type }) => type),
        ['RESERVE_INVENTORY', 'PROCESS_PAYMENT', 'CONFIRM_ORDER'],
      );
    });

    test('an instance finishes on the definition that it began with', async () => {
      const prefix = aPrefix();
      const old = pinnedOrderSaga({ prefix });
      await using services = await ToyServices.open(log(), prefix);
      services.behaviour = () => null;
      {
        await using run = await (await start([old])).ready();
        await run.publish([orderCreated(prefix, 'o-1')]);
        await run.shows('o-1', 'have begun', () => true);
        await until(() => services.commands.length === 1, { what: 'the first command', timeoutMs: 60_000 });
      }
      const changed: PinnedDefinition = {
        hash: 'changed',
        definition: { ...old.definition, stages: old.definition.stages.slice(0, 1) },
      };
      services.behaviour = obliging;
      await using run = await (await start([changed])).ready();
      const { orderId, key } = services.commands[0]!;
      await run.publish([
        {
          topic: `${prefix}-inventory-reserved`,
          key: orderId,
          value: JSON.stringify({ orderId }),
          headers: [{ key: 'idempotencyKey', value: Buffer.from(key) }],
        },
        orderCreated(prefix, 'o-2'),
      ]);
      assert.equal((await run.reached('o-1', 'completed')).definition, old.hash);
      assert.equal((await run.reached('o-2', 'completed')).definition, 'changed');
      assert.deepEqual(
        services.commands.filter(({ orderId }) => orderId === 'o-1').map(({ type }) => type),
        ['RESERVE_INVENTORY', 'PROCESS_PAYMENT', 'CONFIRM_ORDER'],
      );
      assert.equal(services.commands.filter(({ orderId }) => orderId === 'o-2').length, 1);
    });

    test('messages that nobody can take are dead letters with their place and the reason', async () => {
      await using place = await world();
      const { prefix, run } = place;
      const topic = `${prefix}-payment-processed`;
      await run.publish([
        { topic, key: 'a', value: 'no JSON' },
        { topic, key: 'b', value: '{"amount":1}' },
        { topic, key: 'c', value: '{"orderId":"never-begun"}' },
        {
          topic,
          key: 'd',
          value: '{"orderId":"of-another"}',
          headers: [{ key: 'idempotencyKey', value: Buffer.from('another:of-another:A:1') }],
        },
        orderCreated(prefix, 'o-1'),
      ]);
      await run.reached('o-1', 'completed');
      const letters = await until(
        async () => {
          const found = await readTopic(log(), deadLettersTopicOf(run.saga));
          return found.length >= 3 ? found : null;
        },
        { what: 'the dead letters', timeoutMs: 60_000 },
      );
      assert.deepEqual(
        letters.map(record => text(record.key)),
        ['a', 'b', 'c'],
        'what answers another saga’s command is not for this one',
      );
      const reasons = letters.map(record => headerOf(record, '__connect.errors.exception.message'));
      assert.match(reasons[0]!, /offset 0 of partition 0 of topic '.*payment-processed' is not JSON/);
      assert.match(reasons[1]!, /no correlation id: 'orderId'/);
      assert.match(reasons[2]!, /there is none that it could answer/);
      assert.equal(headerOf(letters[1]!, '__connect.errors.offset'), '1');
    });

    test('what is stuck waits for a person, who is named in the timeline', async () => {
      await using place = await world({ timeout: '2m', attempts: 2 });
      const { prefix, run, services } = place;
      services.behaviour = command => {
        if (command.type === 'PROCESS_PAYMENT') return { topic: 'payment-failed' };
        return command.type === 'RELEASE_INVENTORY' ? null : obliging(command);
      };
      await run.publish([orderCreated(prefix, 'o-1'), orderCreated(prefix, 'o-2')]);
      for (const attempts of [2, 4]) {
        await services.got('RELEASE_INVENTORY', attempts);
        await run.pass(timeoutMs);
      }
      await run.reached('o-1', 'stuck');
      await run.reached('o-2', 'stuck');
      await assert.rejects(
        run.service.order(run.saga, 'o-1', { action: 'compensate', step: null, who: 'ada', why: 'try' }),
        code('CONFLICT'),
      );
      services.behaviour = obliging;
      await run.service.order(run.saga, 'o-1', { action: 'retry', step: null, who: 'ada', why: 'the store is open again' });
      const shown = await run.reached('o-1', 'compensated');
      assert.ok(
        shown.timeline.some(({ by }) => by?.who === 'ada' && by.why === 'the store is open again'),
        JSON.stringify(shown.timeline),
      );
      const skipped = await run.service.order(run.saga, 'o-2', { action: 'skip', step: null, who: 'bob', why: 'done by hand' });
      assert.equal(skipped.state, 'compensated');
      const keys = services.commands.map(({ key }) => key);
      assert.equal(new Set(keys).size, keys.length, 'no key comes twice');
      await assert.rejects(run.service.order(run.saga, 'nobody', { action: 'retry', step: null, who: 'ada', why: 'x' }), code('NOT_FOUND'));
    });

    test('what has ended is found whole behind a restart, and forgotten when its time is over', async () => {
      const prefix = aPrefix();
      const pinned = pinnedOrderSaga({ prefix });
      await using services = await ToyServices.open(log(), prefix);
      {
        await using run = await (await start([pinned])).ready();
        await run.publish(Array.from({ length: 20 }, (_, index) => orderCreated(prefix, `o-${index}`)));
        for (let index = 0; index < 20; index++) await run.reached(`o-${index}`, 'completed');
      }
      {
        await using run = await (await start([pinned])).ready();
        const shown = await run.service.show(run.saga, 'o-3');
        assert.equal(shown.state, 'completed');
        assert.equal(shown.steps.length, 3);
        // A late reply is for an instance that must be read first.
        await run.publish([{ topic: `${prefix}-payment-processed`, key: 'o-4', value: '{"orderId":"o-4"}' }, orderCreated(prefix, 'o-20')]);
        await run.reached('o-20', 'completed');
        assert.equal((await run.service.show(run.saga, 'o-4')).state, 'completed');
      }
      await using run = await (await start([pinned], { endedMax: 5 })).ready();
      await until(async () => (await run.service.list(run.saga, 'completed', 100)).total === 5, {
        what: 'the oldest to be forgotten',
        timeoutMs: 60_000,
      });
      await assert.rejects(run.service.show(run.saga, 'o-0'), code('NOT_FOUND'));
      await until(async () => (await stored.kept(run.saga)) === 5, {
        what: 'them to be gone from where they were kept',
        timeoutMs: 60_000,
      });
      assert.equal(services.commands.length, 63);
    });
  });
}
