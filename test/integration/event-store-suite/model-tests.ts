import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ExpectedVersion, RecordedEvent, StreamId } from '../../../src/services/event-store/event-store.ts';
import { ModelStream } from './model.ts';
import type { Suite } from './suite.ts';

const runs = 25;
const stepsMax = 20;

type Step =
  /** `repeat`: begins with the last event of the append before. `expected` as a number: so much off the stream's version. */
  | { readonly kind: 'append'; readonly count: number; readonly repeat: boolean; readonly expected: 'any' | 'none' | 'exists' | -1 | 0 | 1 }
  | { readonly kind: 'delete'; readonly mode: 'soft' | 'hard' }
  | { readonly kind: 'retain'; readonly eventsMax: number | null };

const expected = fc.constantFrom('any', 'any', 'none', 'exists', 0, 0, -1, 1) as fc.Arbitrary<'any' | 'none' | 'exists' | -1 | 0 | 1>;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('append'), count: fc.integer({ min: 1, max: 3 }), repeat: fc.boolean(), expected }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete'), mode: fc.constant('soft') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete'), mode: fc.constant('hard') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retain'), eventsMax: fc.constantFrom(1, 2, 4, null) }) },
) as fc.Arbitrary<Step>;

function label({ type, data }: RecordedEvent): string {
  return type === '$stream-deleted' ? `deleted ${(data as { mode: string }).mode}` : String(data);
}

/** A code where the call is refused, as the model answers. */
async function outcome<T>(call: Promise<T>): Promise<T | string> {
  return call.catch((error: { code?: string }) => error.code ?? String(error));
}

/** One stream in the store and as it should be. */
class Compared {
  readonly #suite: Suite;
  readonly #stream: StreamId;
  readonly #model = new ModelStream();
  #last: { id: string; label: string }[] = [];
  #ids = 0;

  constructor(suite: Suite) {
    this.#suite = suite;
    this.#stream = suite.stream();
  }

  async take(step: Step): Promise<void> {
    const { store } = this.#suite;
    if (step.kind === 'append') await this.#append(step);
    else if (step.kind === 'delete')
      assert.equal((await outcome(store.deleteStream(this.#stream, step.mode))) ?? null, this.#model.delete(step.mode));
    else
      assert.equal(
        (await outcome(store.setRetention(this.#stream, { eventsMax: step.eventsMax, ageMsMax: null }))) ?? null,
        this.#model.retain(step.eventsMax),
      );
    await this.#compare();
  }

  /** What readAll brings of the stream, in their order. */
  async compareAll(after: bigint): Promise<void> {
    const all = await this.#suite.store.readAll(after, { limit: 10_000 });
    const own = all.filter(({ stream }) => stream.id === this.#stream.id);
    assert.deepEqual(
      own.map(event => [Number(event.version), label(event)]),
      this.#model.events.map(event => [event.version, event.label]),
    );
  }

  async #append({ count, repeat, expected: relative }: Step & { kind: 'append' }): Promise<void> {
    const { version } = this.#model;
    const added = Array.from({ length: count }, () => ({ id: `${this.#stream.id}-${++this.#ids}`, label: `number ${this.#ids}` }));
    const given = repeat && this.#last.length > 0 ? [this.#last.at(-1)!, ...added.slice(1)] : added;
    const expectedVersion: ExpectedVersion = typeof relative === 'number' ? BigInt(Math.max(0, version + relative)) : relative;
    const events = given.map(event => ({ id: event.id, type: 'Stepped', data: event.label }));
    const found = await outcome(this.#suite.store.append(this.#stream, events, { expectedVersion }));
    const wanted = this.#model.append(given, expectedVersion);
    const shown = typeof found === 'string' ? found : { version: Number(found.version), repeated: found.repeated };
    assert.deepEqual(shown, wanted);
    if (typeof wanted !== 'string') this.#last = given;
  }

  async #compare(): Promise<void> {
    const { events, version, exists } = await this.#suite.store.read(this.#stream);
    assert.deepEqual(
      { version: Number(version), exists, events: events.map(event => [Number(event.version), label(event)]) },
      { version: this.#model.version, exists: this.#model.exists, events: this.#model.visible.map(event => [event.version, event.label]) },
    );
  }
}

export function modelTests(suite: Suite): void {
  test('whatever is done to streams, they are as a list of events in memory would be', { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), step), { minLength: 1, maxLength: stepsMax }), async steps => {
        const after = await suite.end();
        const [one, other] = [new Compared(suite), new Compared(suite)];
        for (const [first, taken] of steps) await (first ? one : other).take(taken);
        await one.compareAll(after);
        await other.compareAll(after);
      }),
      { numRuns: runs },
    );
  });
}
