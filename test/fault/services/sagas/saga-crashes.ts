import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { CrashPoint } from '../../../../src/contract/index.ts';
import { type CopiersLog, openCopiersLog } from '../../consumed/copiers-log.ts';
import { faultRounds, faultSeed } from '../../rounds.ts';
import { assertSound, type CrashingOrder, crash, type Fate, finish, transitionsOf } from './crashing-orders.ts';

/** Before and after a transition is durable. */
export const sagaCrashPoints: readonly CrashPoint[] = ['saga-decided', 'saga-durable'];

/** In `npm run fault`, everything as often as it says. Else one round, in which of timers every other kill is made; which ones, the seed decides. */
const everything = faultRounds > 3;
const rounds = everything ? faultRounds : 1;
const fates: readonly Fate[] = everything ? ['paid', 'refused', 'late', 'silent'] : ['refused', 'late'];

/** Kills the host of a saga before and after each of its transitions, and lets another one bring all of them to their end. */
export async function crashEveryTransition(t: TestContext, log: CopiersLog, some: readonly Fate[] = fates): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const orders: (CrashingOrder & { readonly where: string })[] = [];
    for (const fate of some)
      for (const [index, point] of sagaCrashPoints.entries())
        for (let passing = 1; passing <= transitionsOf[fate]; passing++) {
          if (!everything && fate === 'late' && (index + passing + faultSeed) % 2 === 0) continue;
          const order = { prefix: `c${randomUUID().slice(0, 8)}`, fate, where: `${fate}, ${point}:${passing}` };
          await crash(log, order, point, passing);
          orders.push(order);
        }
    await finish(log, orders);
    await using opened = await openCopiersLog(log);
    for (const order of orders) await assertSound(opened, order, order.where);
    t.diagnostic(`round ${round + 1}: ${orders.length} kills`);
  }
}
