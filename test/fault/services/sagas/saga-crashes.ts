import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { CrashPoint } from '../../../../src/contract/index.ts';
import { openCopiersLog } from '../../consumed/copiers-log.ts';
import { faultRounds, faultSeed, roundsUpTo } from '../../rounds.ts';
import { assertSound, type CrashingOrder, crash, type Fate, finish, type HostPlaces, topicsOf, transitionsOf } from './crashing-orders.ts';

/** Before and after a transition is durable. */
export const sagaCrashPoints: readonly CrashPoint[] = ['saga-decided', 'saga-durable'];

/** Where the sagas are kept, and what commits their units. */
type Kept = 'embedded' | 'kafka' | 'postgres';

/** Within the log's own transactions, of the saga and of the services that answer it; or on the way of what is sent, from the database into the log. */
const farCrashPoints: Readonly<Record<Kept, readonly CrashPoint[]>> = {
  embedded: ['embedded-records-written', 'embedded-committed'],
  kafka: ['kafka-produced', 'kafka-committed'],
  postgres: ['unit-handed-over', 'unit-durable', 'unit-acknowledged'],
};
/**
 * How often these are surely passed by an order whose payment is refused: four transitions, three answers, and the definition; of what leaves the database, three
 * commands.
 */
const farPassings: Readonly<Record<Kept, number>> = { embedded: 8, kafka: 8, postgres: 3 };

type Kill = { readonly fate: Fate; readonly point: CrashPoint; readonly passing: number };

/** Every kill there is, in the order of an order's life. */
function kills(kept: Kept): readonly Kill[] {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  const own = (['paid', 'refused', 'late', 'silent'] as const).flatMap(fate =>
    sagaCrashPoints.flatMap(point => numbers(transitionsOf[fate]).map((passing): Kill => ({ fate, point, passing }))),
  );
  const far = farCrashPoints[kept].flatMap(point =>
    numbers(farPassings[kept]).map((passing): Kill => ({ fate: 'refused', point, passing })),
  );
  return [...own, ...far];
}

/** In `npm run fault`, all of them as often as it says. Else one round: half of those of an order that is undone, and some of the others; which ones, the seed decides. */
const everything = faultRounds > 3;
export const rounds = everything ? roundsUpTo(20) : 1;

function chosen(kept: Kept): readonly Kill[] {
  if (everything) return kills(kept);
  return kills(kept).filter(({ fate, point }, index) => {
    const often = kept === 'embedded' && fate === 'refused' && sagaCrashPoints.includes(point);
    return (index + faultSeed) % (often ? 2 : kept === 'postgres' ? 9 : 6) === 0;
  });
}

/** How many places are crashed in one beside the other, each with its part of the kills: where all of them are made, most of the time goes by waiting. */
export const lanes = everything ? 3 : 1;

/**
 * Kills the host of a saga before and after each of its transitions, and lets another one bring all of them to their end. `places`, one for each lane, have nothing in
 * common that a host owns alone.
 */
export async function crashEveryTransition(t: TestContext, places: readonly HostPlaces[]): Promise<void> {
  const { log, database } = places[0]!;
  const kept = database !== null ? 'postgres' : 'dataDir' in log ? 'embedded' : 'kafka';
  for (let round = 0; round < rounds; round++) {
    const all = chosen(kept);
    await Promise.all(
      places.map((place, lane) =>
        crashAt(
          place,
          all.filter((_, index) => index % places.length === lane),
        ),
      ),
    );
    const told = all.map(({ fate, point, passing }) => `${fate}, ${point}:${passing}`);
    t.diagnostic(`round ${round + 1}: ${all.length} kills: ${told.join('; ')}`);
  }
}

async function crashAt(places: HostPlaces, all: readonly Kill[]): Promise<void> {
  const orders: (CrashingOrder & { readonly where: string })[] = [];
  for (const { fate, point, passing } of all) {
    const order = { prefix: `c${randomUUID().slice(0, 8)}`, fate, where: `${fate}, ${point}:${passing}` };
    await crash(places, order, point, passing);
    orders.push(order);
  }
  await finish(places, orders);
  await using opened = await openCopiersLog(places.log);
  for (const order of orders) await assertSound(opened, places.database, order, order.where);
  // A broker has room for thousands of topics, and not for those of twenty rounds.
  if (rounds > 1) await opened.deleteTopics(await topicsOf(opened, orders));
}
