import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { CrashPoint } from '../../../../src/contract/index.ts';
import { type CopiersLog, openCopiersLog } from '../../consumed/copiers-log.ts';
import { faultRounds, faultSeed } from '../../rounds.ts';
import { assertSound, type CrashingOrder, crash, type Fate, finish, transitionsOf } from './crashing-orders.ts';

/** Before and after a transition is durable. */
export const sagaCrashPoints: readonly CrashPoint[] = ['saga-decided', 'saga-durable'];

/** Within the log's own transactions: of the saga, and of the services that answer it. */
const logCrashPoints: Readonly<Record<'embedded' | 'kafka', readonly CrashPoint[]>> = {
  embedded: ['embedded-records-written', 'embedded-committed'],
  kafka: ['kafka-produced', 'kafka-committed'],
};
/** How often these are surely passed by an order whose payment is refused: four transitions, three answers, and the definition. */
const logPassings = 8;

type Kill = { readonly fate: Fate; readonly point: CrashPoint; readonly passing: number };

/** Every kill there is, in the order of an order's life. */
function kills(log: 'embedded' | 'kafka'): readonly Kill[] {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  const own = (['paid', 'refused', 'late', 'silent'] as const).flatMap(fate =>
    sagaCrashPoints.flatMap(point => numbers(transitionsOf[fate]).map((passing): Kill => ({ fate, point, passing }))),
  );
  const within = logCrashPoints[log].flatMap(point => numbers(logPassings).map((passing): Kill => ({ fate: 'refused', point, passing })));
  return [...own, ...within];
}

/** In `npm run fault`, all of them as often as it says. Else one round: half of those of an order that is undone, and some of the others; which ones, the seed decides. */
const everything = faultRounds > 3;
const rounds = everything ? faultRounds : 1;

function chosen(log: 'embedded' | 'kafka'): readonly Kill[] {
  if (everything) return kills(log);
  return kills(log).filter(({ fate, point }, index) => {
    const often = log === 'embedded' && fate === 'refused' && sagaCrashPoints.includes(point);
    return (index + faultSeed) % (often ? 2 : 6) === 0;
  });
}

/** Kills the host of a saga before and after each of its transitions, and lets another one bring all of them to their end. */
export async function crashEveryTransition(t: TestContext, log: CopiersLog): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const orders: (CrashingOrder & { readonly where: string })[] = [];
    for (const { fate, point, passing } of chosen('dataDir' in log ? 'embedded' : 'kafka')) {
      const order = { prefix: `c${randomUUID().slice(0, 8)}`, fate, where: `${fate}, ${point}:${passing}` };
      await crash(log, order, point, passing);
      orders.push(order);
    }
    await finish(log, orders);
    await using opened = await openCopiersLog(log);
    for (const order of orders) await assertSound(opened, order, order.where);
    t.diagnostic(`round ${round + 1}: ${orders.length} kills: ${orders.map(({ where }) => where).join('; ')}`);
  }
}
