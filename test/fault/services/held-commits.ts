import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { RecordedEvent, StreamId } from '../../../src/services/event-store/event-store.ts';
import { openPostgresEventStore, type PostgresEventStore } from '../../../src/services/event-store/postgres/postgres-event-store.ts';
import { connectTo } from '../../support/fresh-database.ts';

/** Load in which commits come in another order than the transactions began. */
export type HeldCommits = {
  readonly url: string;
  readonly appends: number;
  readonly writers: number;
  /** Of 1: appends whose commit is held back, up to so long. */
  readonly heldShare: number;
  readonly heldMsMax: number;
  /** In [0, 1). */
  readonly random: () => number;
};

/** Streams of each writer. */
const ownStreams = 50;
/** Streams that all of them append to, and how many of 1 of the appends do so. */
const sharedStreams = 20;
const sharedShare = 0.002;
/** Stores at a time, as of several processes. */
const stores = 4;

/** What was appended: events by stream. */
export type Appended = {
  readonly versions: ReadonlyMap<string, number>;
  readonly total: number;
  readonly held: number;
  readonly elapsedMs: number;
};

/** Appends with all writers until so many are done; each append is one event. A subscription of `watch` goes along. */
export async function appendWithHeldCommits(load: HeldCommits): Promise<Appended> {
  await using resources = new AsyncDisposableStack();
  const opened: PostgresEventStore[] = [];
  for (let index = 0; index < stores; index++)
    opened.push(resources.use(await openPostgresEventStore({ connection: load.url, lockMsMax: 120_000 })));
  const versions = new Map<string, number>();
  let [begun, held] = [0, 0];
  const sinceMs = performance.now();
  const writer = async (number: number) => {
    const store = opened[number % stores]!;
    await using client = await connectTo(load.url);
    while (begun < load.appends) {
      begun++;
      const stream = streamOf(load, number);
      const events = [{ type: 'Written', data: { writer: number, held: held, text: 'so much that it is an event of some size' } }];
      if (load.random() < load.heldShare) {
        held++;
        await client.query('begin');
        await store.appendWithin(client, [{ stream, events }]);
        await delay(load.random() * load.heldMsMax);
        await client.query('commit');
      } else await store.append(stream, events);
      versions.set(stream.id, (versions.get(stream.id) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: load.writers }, (_, number) => writer(number)));
  return { versions, total: begun, held, elapsedMs: performance.now() - sinceMs };
}

function streamOf({ random }: HeldCommits, writer: number): StreamId {
  if (random() < sharedShare) return { type: 'held', id: `shared-${Math.floor(random() * sharedStreams)}` };
  return { type: 'held', id: `${writer}-${Math.floor(random() * ownStreams)}` };
}

/** Follows events, by stream: each comes once, behind the one before it. */
export class Follower {
  readonly #who: string;
  readonly #versions = new Map<string, number>();
  #total = 0;

  constructor(who: string) {
    this.#who = who;
  }

  get total(): number {
    return this.#total;
  }

  see(stream: string, version: number): void {
    const expected = (this.#versions.get(stream) ?? 0) + 1;
    assert.equal(version, expected, `${this.#who}: the next event of ${stream}`);
    this.#versions.set(stream, version);
    this.#total++;
  }

  /** Whether it has seen all that was appended, and nothing else. */
  assertAll({ versions, total }: Appended): void {
    assert.equal(this.#total, total, `${this.#who}: events`);
    assert.deepEqual(new Map([...this.#versions].sort()), new Map([...versions].sort()), this.#who);
  }
}

/** Subscribes to all events until aborted. */
export async function follow(store: PostgresEventStore, follower: Follower, abort: AbortSignal): Promise<void> {
  let last: RecordedEvent | null = null;
  for await (const events of store.subscribe(0n, abort))
    for (const event of events) {
      assert.ok(last === null || event.position > last.position, 'positions rise');
      follower.see(event.stream.id, Number(event.version));
      last = event;
    }
}
