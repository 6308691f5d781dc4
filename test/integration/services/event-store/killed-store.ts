import assert from 'node:assert/strict';
import { type CrashPoint, crashPointVariable } from '../../../../src/contract/index.ts';
import { faultSeed } from '../../../fault/rounds.ts';
import { type Daemon, newDaemon, type WorkerSettings } from '../../../support/daemon.ts';
import type { Published } from '../../../support/published.ts';
import { until } from '../../../support/until.ts';

/** From a batch that was read of the store to its being in the embedded log, and to the store's being told so. */
export const publishingPoints: readonly CrashPoint[] = [
  'unit-handed-over',
  'embedded-begun',
  'embedded-records-written',
  'embedded-offsets-written',
  'embedded-committed',
  'unit-durable',
  'unit-acknowledged',
];

/** How long an append may have to wait: a kill, the crash behind it and the next start, each with a bound of its own. */
const awayMsMax = 180_000;

/** What a store of a test publishes: its one topic, and what its events' types begin with (the topics of types are called after it). */
export type Names = { readonly topic: string; readonly prefix: string };

export type Appended = { readonly stream: string; readonly version: number; readonly created: boolean; readonly repeated: boolean };
export type Shown = {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly aggregateId: string;
  readonly version: number;
};

/** A daemon with an event store, with what one asks it. */
export class EventStoreDaemon implements AsyncDisposable {
  readonly daemon: Daemon;

  constructor(daemon: Daemon) {
    this.daemon = daemon;
  }

  /** Starts it (again) and waits until its services run. */
  async start(): Promise<void> {
    await this.daemon.start();
    await until(async () => (await fetch(`${this.daemon.url}/ready?services=running`)).ok, {
      what: `the services to run. The end of the log:\n${this.daemon.log()}\n`,
      timeoutMs: 60_000,
    });
  }

  /** Starts it, and waits until it has killed itself at the n-th passing of a point. */
  async crash(point: CrashPoint, passing: number): Promise<void> {
    const { environment } = this.daemon;
    this.daemon.environment = { ...environment, [crashPointVariable]: `${point}:${passing}` };
    await this.daemon.launch();
    const ended = await this.daemon.ended(60_000);
    this.daemon.environment = environment;
    assert.equal(ended, 'SIGKILL', `${point}:${passing}\n${this.daemon.log()}`);
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.daemon.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** Appends, and again with the same ids while the daemon is away: the ids make it once. */
  async appendPatiently(stream: string, events: readonly object[]): Promise<Appended> {
    return until(
      async () => {
        const answer = await this.call('POST', `/event-store/streams/${stream}`, { events }).catch(() => null);
        if (answer === null || answer.status === 503) return null;
        const body = (await answer.json()) as Appended;
        assert.ok(answer.ok, `${answer.status} ${JSON.stringify(body)}`);
        return body;
      },
      { what: `the append to ${stream}`, timeoutMs: awayMsMax },
    );
  }

  /** All that the store holds, in the order of the commits. */
  async all(): Promise<readonly Shown[]> {
    const events: Shown[] = [];
    for (let after = 0; ; ) {
      const answer = await this.call('GET', `/event-store/events?after=${after}&limit=1000`);
      assert.equal(answer.status, 200);
      const page = (await answer.json()) as { readonly events: readonly Shown[]; readonly next: number };
      if (page.events.length === 0) return events;
      events.push(...page.events);
      after = page.next;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
  }
}

/** A daemon of its own with an event store on SQLite, not started. */
export async function newEventStoreDaemon(settings: WorkerSettings = {}): Promise<EventStoreDaemon> {
  return new EventStoreDaemon(await newDaemon({ 'services.event-store.store': 'sqlite', ...settings }));
}

/** What is on a topic, with the place of each event in the store. */
type Found = { readonly key: string; readonly id: string };

const idOf = ({ key, value }: Published): Found => ({ key, id: (JSON.parse(value!) as { id: string }).id });

export type Killing = {
  readonly names: Names;
  readonly rounds: number;
  /** Reads topics as a stranger does. */
  readonly published: (topics: readonly string[]) => AsyncIterable<Published>;
  /** commits: topics have the order that the store tells. streams: each stream's events have theirs (on PostgreSQL topics have the order of the commits, and the store tells that of the transactions' ids). */
  readonly order: 'commits' | 'streams';
  /** By turns it is killed at one of these too, on its way from the store to the topic and back to what it remembers. */
  readonly points: readonly CrashPoint[];
  /** Where asking the topics is dear: whether the last event is read already. */
  readonly isRead?: (last: Shown) => Promise<boolean>;
};

/** By key, in the order in which they were found. */
const byKey = (events: readonly Found[]) =>
  [...Map.groupBy(events, ({ key }) => key)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, own]) => [key, own.map(({ id }) => id)]);

/**
 * Appends to several streams at a time while the daemon is killed again and again, then holds the topics against the store: each event once, in
 * order. Answers how many events there are.
 */
export async function killAndCompare(
  store: EventStoreDaemon,
  { names, rounds, published, order, points, isRead }: Killing,
): Promise<number> {
  const { topic, prefix } = names;
  await store.start();
  const load = new AbortController();
  let answered = 0;
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    let count = 0;
    for (; !load.signal.aborted; count++) {
      const id = `${writer}-${count}`;
      const events = [
        { id: `${id}-a`, type: `${prefix}Placed`, data: { n: count } },
        { id: `${id}-b`, type: `${prefix}Paid`, data: { n: count } },
      ];
      await store.appendPatiently(`order:${writer}`, events);
      answered++;
    }
    return count * 2;
  });
  for (let round = 0; round < rounds; round++) {
    const wanted = answered + 15 + ((round * 7) % 20);
    await until(() => answered >= wanted, { what: 'some appends', timeoutMs: 120_000, everyMs: 5 });
    await store.daemon.stop('SIGKILL');
    const point = [...points, null][(round + faultSeed) % (points.length + 1)] ?? null;
    if (point !== null) await store.crash(point, 1 + ((round * 3) % 8));
    await store.start();
  }
  load.abort();
  const appended = (await Promise.all(writers)).reduce((sum, count) => sum + count, 0);
  const stored = await until(async () => store.all().then(all => all.length >= appended && all), { what: 'all events', timeoutMs: 60_000 });
  assert.equal(stored.length, appended, 'every append that was answered is stored once');
  const [placed, paid] = ['placed', 'paid'].map(suffix => `${prefix.toLowerCase()}-${suffix}`) as [string, string];
  const topics = [topic, placed, paid];
  if (isRead) await until(() => isRead(stored.at(-1)!), { what: 'the publication to read the last event', timeoutMs: 120_000 });
  const found = await until(
    async () => {
      const all = new Map<string, Found[]>(topics.map(topic => [topic, []]));
      for await (const record of published(topics)) all.get(record.topic)!.push(idOf(record));
      const count = (...of: string[]) => of.reduce((sum, topic) => sum + all.get(topic)!.length, 0);
      return count(topic) >= appended && count(placed, paid) >= appended && all;
    },
    { what: `${appended} events on ${topic}. The end of the log:\n${store.daemon.log()}\n`, timeoutMs: 120_000, everyMs: 300 },
  );
  for (const [topic, type] of [
    [names.topic, null],
    [placed, `${prefix}Placed`],
    [paid, `${prefix}Paid`],
  ] as const) {
    const wanted = stored.flatMap(event => (type === null || event.type === type ? [{ key: event.aggregateId, id: event.id }] : []));
    if (order === 'commits') assert.deepEqual(found.get(topic), wanted, `${topic}: each event once, in the order of the commits`);
    else assert.deepEqual(byKey(found.get(topic)!), byKey(wanted), `${topic}: each event once, in the order of its stream`);
  }
  return stored.length;
}
