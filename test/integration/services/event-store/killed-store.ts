import assert from 'node:assert/strict';
import { type Daemon, newDaemon, type WorkerSettings } from '../../../support/daemon.ts';
import type { Published } from '../../../support/published.ts';
import { until } from '../../../support/until.ts';

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
      { what: `the append to ${stream}`, timeoutMs: 60_000 },
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

/**
 * Appends to several streams at a time while the daemon is killed again and again, then holds the topics against the store: each event once, in
 * the order of the commits.
 * @param published reads a topic as a stranger does
 */
export async function killAndCompare(
  store: EventStoreDaemon,
  { topic, prefix }: Names,
  rounds: number,
  published: (topics: readonly string[]) => AsyncIterable<Published>,
): Promise<number> {
  await store.start();
  const load = new AbortController();
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    let count = 0;
    for (; !load.signal.aborted; count++) {
      const id = `${writer}-${count}`;
      const events = [
        { id: `${id}-a`, type: `${prefix}Placed`, data: { n: count } },
        { id: `${id}-b`, type: `${prefix}Paid`, data: { n: count } },
      ];
      await store.appendPatiently(`order:${writer}`, events);
    }
    return count * 2;
  });
  for (let round = 0; round < rounds; round++) {
    const before = (await store.all()).length;
    await until(async () => (await store.all()).length > before + 40, { what: 'some appends', timeoutMs: 60_000 });
    await store.daemon.stop('SIGKILL');
    await store.start();
  }
  load.abort();
  const appended = (await Promise.all(writers)).reduce((sum, count) => sum + count, 0);
  const stored = await store.all();
  assert.equal(stored.length, appended, 'every append that was answered is stored once');
  const [placed, paid] = ['placed', 'paid'].map(suffix => `${prefix.toLowerCase()}-${suffix}`) as [string, string];
  const topics = [topic, placed, paid];
  const last = stored.at(-1)!;
  // A reader of Kafka costs seconds: it is not started before there is something to find.
  await until(
    async () => {
      const answer = await store.call('GET', '/sluice/connectors/event-store-publication');
      const { tasks } = (await answer.json()) as { readonly tasks: readonly { readonly position: string | null }[] };
      return tasks[0]?.position === String(last.position);
    },
    { what: `the publication to read event ${last.position}`, timeoutMs: 60_000 },
  );
  const found = await until(
    async () => {
      const all = new Map<string, Found[]>(topics.map(topic => [topic, []]));
      for await (const record of published(topics)) all.get(record.topic)!.push(idOf(record));
      return all.get(topic)!.some(({ id }) => id === last.id) && all;
    },
    { what: `the last event on ${topic}`, timeoutMs: 60_000, everyMs: 300 },
  );
  const wanted = (type: string | null) =>
    stored.flatMap(event => (type === null || event.type === type ? [{ key: event.aggregateId, id: event.id }] : []));
  assert.deepEqual(found.get(topic), wanted(null), 'each event once, in the order of the commits');
  assert.deepEqual(found.get(placed), wanted(`${prefix}Placed`));
  assert.deepEqual(found.get(paid), wanted(`${prefix}Paid`));
  return stored.length;
}
