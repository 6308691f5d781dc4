import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type CrashPoint, crashPointVariable, type EventLog } from '../../../../src/contract/index.ts';
import { deadLettersTopicOf, instancesTopicOf, specsOf } from '../../../../src/services/sagas/runtime/saga-topics.ts';
import type { PinnedDefinition, SagaInstance } from '../../../../src/services/sagas/saga.ts';
import { pinnedOrderSaga } from '../../../integration/services/sagas/order-saga.ts';
import { orderCreated, publish, readTopic } from '../../../integration/services/sagas/saga-run.ts';
import { type Behaviour, commandOf, obliging } from '../../../integration/services/sagas/toy-services.ts';
import { connectTo } from '../../../support/fresh-database.ts';
import { type CopiersLog, openCopiersLog } from '../../consumed/copiers-log.ts';

/** What becomes of an order: its payment is taken, fails, is answered only the second time, or never. */
export type Fate = 'paid' | 'refused' | 'late' | 'silent';

/** An order with a saga, topics and services of its own. */
export type CrashingOrder = { readonly prefix: string; readonly fate: Fate };

/** Where a host's log is, and where its sagas are kept: the URL of a database, or null for the log. */
export type HostPlaces = { readonly log: CopiersLog; readonly database: string | null };

export type HostSettings = HostPlaces & { readonly orders: readonly CrashingOrder[] };

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
  // Behind a kill an attempt's time may be over before anybody could answer it: one that is answered in the end has some in reserve. All others have time enough
  // for the kills of a whole round, behind which the orders are brought to their end: a command that is sent again has its effect again.
  return pinnedOrderSaga({ prefix, timeout: '9m', paymentTimeout: timely ? '9m' : '400ms', attempts: fate === 'late' ? 10 : 2 });
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

/** Of Node's own, as `src/main.ts` has it: a host is started for each kill, and would compile the same files for seconds. */
const compileCache = join(tmpdir(), 'node-compile-cache');

function startHost(settings: HostSettings, crash: string) {
  const env = { NODE_COMPILE_CACHE: compileCache, ...process.env, [crashPointVariable]: crash };
  return spawn(process.execPath, [program, JSON.stringify(settings)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Places an order, and kills its host at the n-th passing of a point. */
export async function crash(places: HostPlaces, order: CrashingOrder, point: CrashPoint, passing: number): Promise<void> {
  {
    await using opened = await openCopiersLog(places.log);
    await publish(opened, [orderCreated(order.prefix, 'o-1')]);
  }
  const host = startHost({ ...places, orders: [order] }, `${point}:${passing}`);
  const said: string[] = [];
  createInterface({ input: host.stdout }).on('line', line => {
    said.push(line);
    host.kill('SIGTERM');
  });
  const [, signal] = await once(host, 'exit');
  assert.equal(signal, 'SIGKILL', `${order.fate}: ${point}:${passing} is reached (${said.join()})`);
}

/** Lets another host bring all orders to their end. */
export async function finish(places: HostPlaces, orders: readonly CrashingOrder[]): Promise<void> {
  const host = startHost({ ...places, orders: orders.map(({ prefix, fate }) => ({ prefix, fate })) }, '');
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

/** The topics there are of orders. */
export async function topicsOf(log: EventLog, orders: readonly CrashingOrder[]): Promise<readonly string[]> {
  const named = orders.map(pinnedOf).flatMap(({ definition }) => {
    return [instancesTopicOf(definition.name), ...specsOf(definition.name, [definition]).map(({ topic }) => topic)];
  });
  return (await log.describeTopics(named)).map(({ topic }) => topic);
}

/** Every command and every answer is there once, the saga has come to its end, and what was taken was given back unless the order is confirmed. */
export async function assertSound(log: EventLog, database: string | null, order: CrashingOrder, where: string): Promise<void> {
  const { prefix, fate } = order;
  const commands: string[] = [];
  for (const name of ['inventory-commands', 'payment-commands', 'order-commands'])
    for (const record of await readTopic(log, `${prefix}-${name}`)) commands.push(commandOf(record).key);
  assert.equal(new Set(commands).size, commands.length, `${where}: each command once: ${commands.join(' ')}`);
  const done: Record<string, number> = {};
  const answers: string[] = [];
  const replies = [
    'inventory-reserved',
    'inventory-released',
    'payment-processed',
    'payment-failed',
    'payment-refunded',
    'order-confirmed',
  ];
  for (const name of replies)
    for (const { headers } of await readTopic(log, `${prefix}-${name}`)) {
      done[name] = (done[name] ?? 0) + 1;
      answers.push(Buffer.from(headers.find(({ key }) => key === 'idempotencyKey')!.value!).toString());
    }
  assert.equal(new Set(answers).size, answers.length, `${where}: each effect once: ${answers.join(' ')}`);
  const saga = pinnedOf(order).definition.name;
  const state = database === null ? await stateInLog(log, saga) : await stateIn(database, saga);
  const confirmed = fate === 'paid' || fate === 'late';
  assert.equal(state, confirmed ? 'completed' : 'compensated', where);
  assert.equal(done['inventory-reserved'], 1, where);
  assert.equal(done['order-confirmed'] ?? 0, confirmed ? 1 : 0, where);
  assert.equal(done['inventory-released'] ?? 0, confirmed ? 0 : 1, where);
  assert.deepEqual(await readTopic(log, deadLettersTopicOf(saga)), [], where);
}

async function stateInLog(log: EventLog, saga: string): Promise<string> {
  const stored = (await readTopic(log, instancesTopicOf(saga))).filter(({ key }) => Buffer.from(key!).toString() === `${saga}:o-1`);
  return (JSON.parse(Buffer.from(stored.at(-1)!.value!).toString()) as SagaInstance).state;
}

async function stateIn(database: string, saga: string): Promise<string> {
  await using client = await connectTo(database);
  const text = "select state from sluice_sagas.instances where saga = $1 and correlation_id = 'o-1'";
  const { rows } = await client.query<{ state: string }>(text, [saga]);
  assert.equal(rows.length, 1);
  return rows[0]!.state;
}
