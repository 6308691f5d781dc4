import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type CrashPoint, crashPointVariable, type EventLog } from '../../../../src/contract/index.ts';
import { logFile } from '../../../../src/log/embedded/database.ts';
import { deadLettersTopicOf, instancesTopicOf } from '../../../../src/services/sagas/runtime/saga-topics.ts';
import type { PinnedDefinition, SagaInstance } from '../../../../src/services/sagas/saga.ts';
import { pinnedOrderSaga } from '../../../integration/services/sagas/order-saga.ts';
import { orderCreated, publish, readTopic } from '../../../integration/services/sagas/saga-run.ts';
import { type Behaviour, obliging } from '../../../integration/services/sagas/toy-services.ts';
import { sqlite3 } from '../../../services/sqlite3.ts';
import { type CopiersLog, openCopiersLog } from '../../consumed/copiers-log.ts';

/** What becomes of an order: its payment is taken, fails, is answered only the second time, or never. */
export type Fate = 'paid' | 'refused' | 'late' | 'silent';

/** An order with a saga, topics and services of its own. */
export type CrashingOrder = { readonly prefix: string; readonly fate: Fate };

export type HostSettings = { readonly log: CopiersLog; readonly orders: readonly CrashingOrder[] };

/** How often each fate's instance is stored: before and after each of these the host is killed. */
export const transitionsOf: Readonly<Record<Fate, number>> = {
  // Begun; reserved; paid; confirmed.
  paid: 4,
  // Begun; reserved; refused, so that the stock is released; released.
  refused: 4,
  // Begun; reserved; no answer; sent again; paid; confirmed.
  late: 6,
  // Begun; reserved; no answer; sent again; no answer, so that all is undone; refunded; released.
  silent: 7,
};

export function pinnedOf({ prefix, fate }: CrashingOrder): PinnedDefinition {
  const timely = fate === 'paid' || fate === 'refused';
  // Behind a kill an attempt's time may be over before anybody could answer it: one that is answered in the end has some in reserve.
  return pinnedOrderSaga({ prefix, timeout: '60s', paymentTimeout: timely ? '60s' : '400ms', attempts: fate === 'late' ? 10 : 2 });
}

export function behaviourOf({ fate }: CrashingOrder): Behaviour {
  return command => {
    if (command.type !== 'PROCESS_PAYMENT') return obliging(command);
    switch (fate) {
      case 'paid':
        return obliging(command);
      case 'refused':
        return { topic: 'payment-failed' };
      case 'late':
        return command.attempt === 1 ? null : obliging(command);
      case 'silent':
        return null;
    }
  };
}

const program = fileURLToPath(new URL('./saga-host.ts', import.meta.url));

function startHost(settings: HostSettings, crash: string) {
  const env = { ...process.env, [crashPointVariable]: crash };
  return spawn(process.execPath, [program, JSON.stringify(settings)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Places an order, and kills its host at the n-th passing of a point. */
export async function crash(log: CopiersLog, order: CrashingOrder, point: CrashPoint, passing: number): Promise<void> {
  {
    await using opened = await openCopiersLog(log);
    await publish(opened, [orderCreated(order.prefix, 'o-1')]);
  }
  const host = startHost({ log, orders: [order] }, `${point}:${passing}`);
  const said: string[] = [];
  createInterface({ input: host.stdout }).on('line', line => {
    said.push(line);
    host.kill('SIGTERM');
  });
  const [, signal] = await once(host, 'exit');
  assert.equal(signal, 'SIGKILL', `${order.fate}: ${point}:${passing} is reached (${said.join()})`);
}

/** Lets another host bring all orders to their end. */
export async function finish(log: CopiersLog, orders: readonly CrashingOrder[]): Promise<void> {
  const host = startHost({ log, orders }, '');
  const exited = once(host, 'exit');
  const said: string[] = [];
  for await (const line of createInterface({ input: host.stdout })) {
    said.push(line);
    break;
  }
  host.kill('SIGKILL');
  await exited;
  assert.deepEqual(said, ['ended'], 'every saga has ended');
}

type FoundRecord = { readonly key: string | null; readonly value: string | null; readonly headers: ReadonlyMap<string, string> };

const textOf = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString());

/**
 * A topic's records: of an embedded log as the stock sqlite3 command finds them. Kafka's own consumer takes seconds for a topic, and there are
 * hundreds: there they are read as the saga's own view of them is.
 */
async function recordsOf(log: CopiersLog, opened: EventLog, topic: string): Promise<readonly FoundRecord[]> {
  if (!('dataDir' in log)) {
    const found = await readTopic(opened, topic);
    return found.map(({ key, value, headers }) => ({
      ...{ key: textOf(key), value: textOf(value) },
      headers: new Map(headers.map(header => [header.key, textOf(header.value) ?? ''])),
    }));
  }
  const columns = `json_array(cast(key as text), cast(value as text), json(coalesce(headers, '[]')))`;
  const found: FoundRecord[] = [];
  for await (const row of sqlite3(
    logFile(log.dataDir),
    `select ${columns} from log where topic = '${topic}' order by partition, "offset"`,
  )) {
    const [key, value, headers] = JSON.parse(row) as [string | null, string | null, [string, string][]];
    found.push({ key, value, headers: new Map(headers) });
  }
  return found;
}

/** Every command and every answer is there once, the saga has come to its end, and what was taken was given back unless the order is confirmed. */
export async function assertSound(log: CopiersLog, opened: EventLog, order: CrashingOrder, where: string): Promise<void> {
  const { prefix, fate } = order;
  const read = (topic: string) => recordsOf(log, opened, topic);
  const keysIn = async (name: string) => (await read(`${prefix}-${name}`)).map(({ headers }) => headers.get('idempotencyKey'));
  const commands: unknown[] = [];
  for (const name of ['inventory-commands', 'payment-commands', 'order-commands']) commands.push(...(await keysIn(name)));
  assert.equal(new Set(commands).size, commands.length, `${where}: each command once: ${commands.join(' ')}`);
  const done: Record<string, number> = {};
  const answers: unknown[] = [];
  const replies = [
    'inventory-reserved',
    'inventory-released',
    'payment-processed',
    'payment-failed',
    'payment-refunded',
    'order-confirmed',
  ];
  for (const name of replies) {
    const keys = await keysIn(name);
    done[name] = keys.length;
    answers.push(...keys);
  }
  assert.equal(new Set(answers).size, answers.length, `${where}: each effect once: ${answers.join(' ')}`);
  const saga = pinnedOf(order).definition.name;
  const stored = (await read(instancesTopicOf(saga))).filter(({ key }) => key === `${saga}:o-1`);
  const instance = JSON.parse(stored.at(-1)!.value!) as SagaInstance;
  const confirmed = fate === 'paid' || fate === 'late';
  assert.equal(instance.state, confirmed ? 'completed' : 'compensated', where);
  assert.ok(answers.every(key => typeof key === 'string') && commands.every(key => typeof key === 'string'), where);
  assert.equal(done['inventory-reserved'], 1, where);
  assert.equal(done['order-confirmed'], confirmed ? 1 : 0, where);
  assert.equal(done['inventory-released'], confirmed ? 0 : 1, where);
  assert.deepEqual(await read(deadLettersTopicOf(saga)), [], where);
}
