import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { InstanceList, ShownInstance } from '../../../../src/services/sagas/runtime/saga-views.ts';
import type { SagaOverview } from '../../../../src/services/sagas/runtime/sagas-service.ts';
import { newDaemon } from '../../../support/daemon.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { sharedKafka } from '../../../support/servers.ts';
import { until } from '../../../support/until.ts';
import { aName, openLog, workerOptions } from '../../kafka-log-fixture.ts';
import { orderSagaDocument } from './order-saga.ts';
import { orderCreated, publish } from './saga-run.ts';
import { obliging, ToyServices } from './toy-services.ts';

test('a daemon on Kafka leads orders through services that are programs of their own, and through a kill', {
  timeout: 180_000,
}, async () => {
  using folder = new ScratchFolder('sagas');
  const bootstrapServers = await sharedKafka();
  const prefix = aName('daemon');
  const saga = `${prefix}-order`;
  await writeFile(folder.file('order.json'), JSON.stringify(orderSagaDocument({ prefix, timeout: '5m' })));
  const sessions = { 'consumer.session.timeout.ms': '6000', 'consumer.heartbeat.interval.ms': '500' };
  await using daemon = await newDaemon({
    ...workerOptions(bootstrapServers, aName('sagas'), sessions),
    'services.sagas.definitions': folder.file('order.json'),
  });
  await using log = await openLog(workerOptions(bootstrapServers, aName('programs')));
  await using services = await ToyServices.open(log, prefix);
  services.behaviour = command =>
    command.type === 'PROCESS_PAYMENT' && command.orderId === 'o-3' ? { topic: 'payment-failed' } : obliging(command);
  const get = async <Answer>(path: string): Promise<Answer | null> => {
    try {
      const response = await fetch(daemon.url + path);
      return response.ok ? ((await response.json()) as Answer) : null;
    } catch {
      return null;
    }
  };
  const runs = async () => (await get<readonly SagaOverview[]>('/sagas'))?.[0]?.state === 'running';
  const orders = Array.from({ length: 6 }, (_, index) => `o-${index}`);
  await daemon.start();
  await until(runs, { what: 'the saga to run', timeoutMs: 60_000 });
  await publish(
    log,
    orders.map(orderId => orderCreated(prefix, orderId)),
  );
  await until(() => services.commands.length > 0, { what: 'the first command', timeoutMs: 60_000 });
  await daemon.stop('SIGKILL');
  await daemon.start();
  const ended = await until(
    async () => {
      const list = await get<InstanceList>(`/sagas/${saga}/instances`);
      return list?.instances.length === 6 && list.instances.every(({ ended: at }) => at !== null) ? list : null;
    },
    { what: `all orders to end. ${daemon.log(5)}`, timeoutMs: 90_000 },
  );
  const states = new Map(ended.instances.map(({ correlation_id: id, state }) => [id, state]));
  assert.deepEqual(
    orders.map(orderId => states.get(orderId)),
    orders.map(orderId => (orderId === 'o-3' ? 'compensated' : 'completed')),
  );
  const keys = services.commands.map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length, 'no command came twice');
  const shown = await get<ShownInstance>(`/sagas/${saga}/instances/o-3`);
  assert.match(shown!.timeline.map(({ reason }) => reason).join('\n'), /payment-failed says that PROCESS_PAYMENT is not done/);
});
