import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventLog } from '../../../../src/contract/index.ts';
import { sharedKafka } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';
import { aName, openLog, workerOptions } from '../../kafka-log-fixture.ts';
import { pinnedOrderSaga } from './order-saga.ts';
import { orderCreated, publish, SagaRun } from './saga-run.ts';
import { inLog, inPostgres, type SagaStoreUnderTest } from './saga-store-under-test.ts';
import { obliging, ToyServices } from './toy-services.ts';

for (const [where, openStore] of [
  ['the log', inLog],
  ['PostgreSQL', inPostgres],
] as const)
  test(
    `of two workers one leads a saga; when it ends the other goes on, and no command is sent twice, kept in ${where}`,
    {
      timeout: 180_000,
    },
    () => twoWorkers(openStore),
  );

async function twoWorkers(openStore: (log: EventLog) => Promise<SagaStoreUnderTest>): Promise<void> {
  // Who ends leaves its group; who lives leads on over any pause of the machine.
  const sessions = { 'consumer.session.timeout.ms': '60000', 'consumer.heartbeat.interval.ms': '200' };
  const kafka = await sharedKafka();
  const options = workerOptions(kafka, aName('sagas'), sessions);
  // What is sent is published by a worker of its own, which leads no sagas.
  await using publishing = await openLog(workerOptions(kafka, aName('publishing')));
  await using kept = await openStore(publishing);
  const { store } = kept;
  await using first = await openLog(options);
  await using second = await openLog(options);
  const prefix = aName('two');
  const pinned = pinnedOrderSaga({ prefix, timeout: '5m' });
  await using services = await ToyServices.open(first, prefix);
  // Half of the answers come only when the other worker has taken over.
  services.behaviour = command =>
    command.type === 'PROCESS_PAYMENT' && Number(command.orderId.slice(2)) % 2 === 0 ? null : obliging(command);
  const runs = [await SagaRun.start(first, [pinned], { store }), await SagaRun.start(second, [pinned], { store })];
  const states = () => runs.map(({ service }) => service.overview()[0]?.state);
  const settled = () => states().toSorted().join() === 'running,standby';
  await until(settled, { what: 'one to lead and one to stand by', timeoutMs: 60_000 });
  const leading = runs[states().indexOf('running')]!;
  const other = runs.find(run => run !== leading)!;
  await assert.rejects(other.service.show(other.saga, 'o-1'), /is run by another worker of the group/);
  const orders = Array.from({ length: 10 }, (_, index) => `o-${index}`);
  await publish(
    first,
    orders.map(orderId => orderCreated(prefix, orderId)),
  );
  for (const orderId of orders.filter((_, index) => index % 2 === 1)) await leading.reached(orderId, 'completed');
  await until(() => services.commands.filter(({ type }) => type === 'PROCESS_PAYMENT').length === 10, {
    what: 'every payment to be asked for',
    timeoutMs: 60_000,
  });
  await leading[Symbol.asyncDispose]();
  await other.ready();
  const unanswered = services.commands.filter(({ type, orderId }) => type === 'PROCESS_PAYMENT' && Number(orderId.slice(2)) % 2 === 0);
  await publish(
    second,
    unanswered.map(({ orderId, key }) => ({
      topic: `${prefix}-payment-processed`,
      key: orderId,
      value: JSON.stringify({ orderId }),
      headers: [{ key: 'idempotencyKey', value: Buffer.from(key) }],
    })),
  );
  for (const orderId of orders) await other.reached(orderId, 'completed');
  const keys = services.commands.map(({ key }) => key);
  assert.equal(new Set(keys).size, 30);
  assert.equal(keys.length, 30);
  await other[Symbol.asyncDispose]();
}
