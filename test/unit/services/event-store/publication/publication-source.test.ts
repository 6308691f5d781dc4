import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ConnectRecord, type SourceBatch, type SourceOffset, topicOfType, type Value } from '../../../../../src/contract/index.ts';
import type { EventStore, RecordedEvent } from '../../../../../src/services/event-store/event-store.ts';
import { OpenEventStore } from '../../../../../src/services/event-store/hosting/open-event-store.ts';
import { PublicationSource } from '../../../../../src/services/event-store/publication/publication-source.ts';
import { openSqliteEventStore } from '../../../../../src/services/event-store/sqlite/sqlite-event-store.ts';
import { ScratchFolder } from '../../../../support/scratch-folder.ts';

const clock = { nowMs: () => 1000, nowNs: () => 0n };
const order = { type: 'order', id: '1' };

/** A store that is open for its publication, and can be closed under it. */
class Opened implements AsyncDisposable {
  readonly closing = new AbortController();
  readonly store: EventStore;
  readonly published: bigint[] = [];

  constructor(stores: OpenEventStore, store: EventStore, id: string) {
    this.store = store;
    stores.set({ id, store, aggregates: new Map(), closing: this.closing.signal, published: position => this.published.push(position) });
  }

  static async in(stores: OpenEventStore, folder: string, id = 'one'): Promise<Opened> {
    return new Opened(stores, await openSqliteEventStore({ folder }), id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closing.abort();
    await this.store[Symbol.asyncDispose]();
  }
}

function sourceOf(stores: OpenEventStore, perType = false): PublicationSource {
  return new PublicationSource({ stores, topic: 'domain-events', topicOfType: perType ? topicOfType : null, clock });
}

async function next(batches: AsyncIterator<SourceBatch>): Promise<SourceBatch> {
  const { value, done } = await batches.next();
  assert.ok(!done);
  return value as SourceBatch;
}

function field(value: Value, name: string): Value | undefined {
  assert.ok(value instanceof Map);
  return (value as ReadonlyMap<Value, Value>).get(name);
}

const ids = (records: readonly ConnectRecord[]) => records.map(({ value }) => field(value, 'id'));

describe('the publication of a store', () => {
  test('makes a record of each event, with the position behind it, and tells the store what is durable', async () => {
    using folder = new ScratchFolder('publication');
    const stores = new OpenEventStore();
    await using opened = await Opened.in(stores, folder.file('store'));
    await opened.store.append(order, [
      {
        id: 'a',
        type: 'OrderCreated',
        data: { items: [{ sku: 'x', count: 2 }], note: null },
        metadata: { correlationId: 'c', userId: 'u' },
        timestampMs: 1000,
      },
      { id: 'b', type: 'OrderPaid', data: 12, timestampMs: 2000 },
    ]);
    const abort = new AbortController();
    await using source = sourceOf(stores);
    const batches = source.read([], abort.signal)[Symbol.asyncIterator]();
    const { records, offsets } = await next(batches);
    const [first] = records;
    assert.deepEqual(ids(records), ['a', 'b']);
    assert.equal(first!.topic, 'domain-events');
    assert.equal(first!.key, '1');
    assert.deepEqual(
      records.map(({ timestamp }) => timestamp),
      [1000, 1000],
      'the second is dated ahead of the clock',
    );
    assert.deepEqual(
      first!.value,
      new Map<Value, Value>([
        ['id', 'a'],
        ['aggregateType', 'order'],
        ['aggregateId', '1'],
        ['type', 'OrderCreated'],
        ['version', 1],
        [
          'data',
          new Map<Value, Value>([
            [
              'items',
              [
                new Map<Value, Value>([
                  ['sku', 'x'],
                  ['count', 2],
                ]),
              ],
            ],
            ['note', null],
          ]),
        ],
        [
          'metadata',
          new Map<Value, Value>([
            ['correlationId', 'c'],
            ['userId', 'u'],
          ]),
        ],
        ['schemaVersion', 1],
        ['timestamp', '1970-01-01T00:00:01.000Z'],
      ]),
    );
    assert.deepEqual(
      first!.headers.map(({ key, value }) => [key, value]),
      [
        ['id', 'a'],
        ['type', 'OrderCreated'],
        ['version', 1n],
        ['correlationId', 'c'],
      ],
    );
    assert.deepEqual(offsets, [{ partition: { store: 'one' }, offset: { position: 2 } }]);
    source.commit(offsets);
    assert.deepEqual(opened.published, [2n]);
    abort.abort();
    assert.equal((await batches.next()).done, true);
  });

  test('goes on behind the position that is durable, and with what comes', async () => {
    using folder = new ScratchFolder('publication');
    const stores = new OpenEventStore();
    await using opened = await Opened.in(stores, folder.file('store'));
    for (const id of ['a', 'b', 'c']) await opened.store.append(order, [{ id, type: 'OrderChanged', data: {} }]);
    const abort = new AbortController();
    await using source = sourceOf(stores);
    const stored: readonly SourceOffset[] = [
      { partition: { store: 'another' }, offset: { position: 3 } },
      { partition: { store: 'one' }, offset: { position: 2 } },
    ];
    const batches = source.read(stored, abort.signal)[Symbol.asyncIterator]();
    assert.deepEqual(ids((await next(batches)).records), ['c']);
    const waiting = next(batches);
    await opened.store.append(order, [{ id: 'd', type: 'OrderChanged', data: {} }]);
    assert.deepEqual(ids((await waiting).records), ['d']);
    assert.equal(source.status().position, '4');
    abort.abort();
  });

  test('waits for a store that is not open, and goes over to the one that takes its place', async () => {
    using folder = new ScratchFolder('publication');
    const stores = new OpenEventStore();
    const abort = new AbortController();
    await using source = sourceOf(stores);
    const batches = source.read([], abort.signal)[Symbol.asyncIterator]();
    const first = next(batches);
    {
      await using opened = await Opened.in(stores, folder.file('store'));
      await opened.store.append(order, [{ id: 'a', type: 'OrderChanged', data: {} }]);
      assert.deepEqual(ids((await first).records), ['a']);
    }
    stores.set(null);
    const second = next(batches);
    {
      await using again = await Opened.in(stores, folder.file('store'));
      await again.store.append(order, [{ id: 'b', type: 'OrderChanged', data: {} }]);
      assert.deepEqual(ids((await second).records), ['b'], 'the same store: behind what was read');
    }
    const third = next(batches);
    await using other = await Opened.in(stores, folder.file('other'), 'two');
    await other.store.append(order, [{ id: 'x', type: 'OrderChanged', data: {} }]);
    const batch = await third;
    assert.deepEqual(ids(batch.records), ['x'], 'another store: from its beginning');
    assert.deepEqual(batch.offsets, [{ partition: { store: 'two' }, offset: { position: 1 } }]);
    abort.abort();
  });

  test('sends each event to the topic of its type too, where it is told to', async () => {
    using folder = new ScratchFolder('publication');
    const stores = new OpenEventStore();
    await using opened = await Opened.in(stores, folder.file('store'));
    await opened.store.append(order, [
      { type: 'OrderCreated', data: {} },
      { type: '注文', data: {} },
      { type: 'DomainEvents', data: {} },
    ]);
    const abort = new AbortController();
    await using source = sourceOf(stores, true);
    const batches = source.read([], abort.signal)[Symbol.asyncIterator]();
    const { records } = await next(batches);
    assert.deepEqual(
      records.map(({ topic }) => topic),
      ['domain-events', 'order-created', 'domain-events', 'domain-events'],
    );
    abort.abort();
  });

  test('cuts what it reads into batches of bounded size, and none of them in the middle of an event', async () => {
    const stores = new OpenEventStore();
    const events = Array.from({ length: 1200 }, (_, index): RecordedEvent => {
      const position = BigInt(index + 1);
      const data = index === 700 ? 'x'.repeat(900_000) : index === 701 ? 'y'.repeat(900_000) : index;
      return {
        id: `${index}`,
        stream: order,
        type: 'T',
        version: position,
        position,
        data,
        metadata: {},
        schemaVersion: 1,
        timestampMs: 0,
      };
    });
    const store = {
      async *subscribe() {
        yield events;
      },
    } as Partial<EventStore> as EventStore;
    stores.set({ id: 'one', store, aggregates: new Map(), closing: new AbortController().signal, published: () => {} });
    await using source = sourceOf(stores);
    const batches = source.read([], new AbortController().signal)[Symbol.asyncIterator]();
    const counts: number[] = [];
    for (let read = 0; read < events.length; ) {
      const { records, offsets } = await next(batches);
      read += records.length;
      counts.push(records.length);
      assert.deepEqual(offsets, [{ partition: { store: 'one' }, offset: { position: read } }]);
    }
    assert.deepEqual(counts, [500, 201, 499]);
    await assert.rejects(next(batches), /ended the subscription/);
  });

  test('is refused an offset that is none', async () => {
    using folder = new ScratchFolder('publication');
    const stores = new OpenEventStore();
    await using _ = await Opened.in(stores, folder.file('store'));
    for (const position of ['2', -1, 1.5, null]) {
      await using source = sourceOf(stores);
      const offsets = [{ partition: { store: 'one' }, offset: { position } }];
      await assert.rejects(
        next(source.read(offsets, new AbortController().signal)[Symbol.asyncIterator]()),
        /no 'position' that is a whole number/,
      );
    }
  });
});

test('the topic of a type', () => {
  const topics: readonly [type: string, topic: string | null][] = [
    ['OrderCreated', 'order-created'],
    ['HTTPRequestSeen', 'http-request-seen'],
    ['$stream-deleted', 'stream-deleted'],
    ['order_created v2', 'order-created-v2'],
    ['Order2Paid', 'order2-paid'],
    ['...', null],
    ['注文', null],
    ['A'.repeat(255), 'a'.repeat(249)],
  ];
  for (const [type, topic] of topics) assert.equal(topicOfType(type), topic);
});
