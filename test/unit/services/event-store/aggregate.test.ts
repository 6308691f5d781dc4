import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AggregateSource, rebuild } from '../../../../src/services/event-store/aggregate.ts';
import type { RecordedEvent } from '../../../../src/services/event-store/event-store.ts';
import type { StateText, StoredState } from '../../../../src/services/event-store/storage.ts';

const stream = { type: 'order', id: '1' };

/** A stream of which each page can be looked at, and changed behind it. */
class FakeSource implements AggregateSource {
  events: RecordedEvent[] = [];
  version = 0n;
  state: StoredState | null = null;
  readonly stored: StateText[] = [];
  afterPage: () => void = () => {};

  grow(count: number): void {
    for (let index = 0; index < count; index++) {
      this.version++;
      this.events.push({
        ...{ id: String(this.version), stream, type: 'Counted', version: this.version, position: this.version, data: 1 },
        ...{ metadata: {}, schemaVersion: 1, timestampMs: Number(this.version) },
      });
    }
  }

  delete(): void {
    this.events = [];
    this.version++;
  }

  async read(_: unknown, { from, limit }: { from: bigint | null; limit: number }) {
    const events = this.events.filter(({ version }) => from === null || version >= from).slice(0, limit);
    const slice = { events, version: this.version, exists: this.events.length > 0 };
    this.afterPage();
    return slice;
  }

  async storedState() {
    return this.state;
  }

  async storeState(_: unknown, __: unknown, state: StateText) {
    this.stored.push(state);
  }
}

const count = { initial: () => 0, evolve: (state: number) => state + 1 };

test('a stream that is deleted while it is read is not mixed with what it was', async () => {
  const source = new FakeSource();
  source.grow(1500);
  source.afterPage = () => {
    source.afterPage = () => {};
    source.delete();
    source.grow(3);
  };
  assert.deepEqual(await rebuild(source, stream, count), { state: 3, version: 1504n, exists: true });
  source.grow(1500);
  source.afterPage = () => source.delete();
  assert.deepEqual(await rebuild(source, stream, count), { state: 0, version: 3005n, exists: false });
});

test('a stored state of a stream that was deleted meanwhile is not taken', async () => {
  const source = new FakeSource();
  source.grow(10);
  source.state = { version: 10n, timestampMs: 10, state: 10 };
  source.delete();
  source.grow(2);
  assert.deepEqual(await rebuild(source, stream, { ...count, snapshotEvery: 100 }), { state: 2, version: 13n, exists: true });
});

test('a state is stored when so many events have passed, and only of the whole stream', async () => {
  const source = new FakeSource();
  source.grow(12);
  await rebuild(source, stream, { ...count, snapshotEvery: 13 });
  await rebuild(source, stream, { ...count, snapshotEvery: 5 }, { version: 12n });
  assert.deepEqual(source.stored, []);
  await rebuild(source, stream, { ...count, snapshotEvery: 12 });
  assert.deepEqual(source.stored, [{ version: 12n, timestampMs: 12, text: '12' }]);
  await assert.rejects(rebuild(source, stream, { ...count, snapshotEvery: -1 }), { code: 'EVENT_INVALID' });
});
