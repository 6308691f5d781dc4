import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChunkWindow } from '../../../../../connectors/debezium/incremental/chunk-window.ts';
import { RecentTransactions } from '../../../../../connectors/debezium/incremental/recent-transactions.ts';

type View = ReadonlySet<number>;
type ModelChunk = { readonly view: View; readonly keys: readonly string[]; readonly versions: readonly number[]; readonly end: number };

const keys = ['a', 'b', 'c', 'd'];
/** There before anything is streamed, at version 0: only a chunk brings them. */
const rowsBefore = ['a', 'b'];

/**
 * A database in small: transactions are written into the log, then brought by the stream and become visible, in either order. A key's next
 * writer waits until the last one is visible, as a row's lock has it.
 */
class Model {
  /** By place in the log. */
  readonly log: { readonly id: number; readonly writes: readonly { key: string; version: number | null }[] }[] = [];
  readonly visible = new Set<number>();
  readonly published: { key: string; version: number | null; read: boolean }[] = [];
  readonly recent = new RecentTransactions();
  readonly window = new ChunkWindow<View, number, ModelChunk>((view, id) => view.has(id));
  #streamed = 0;
  #versions = 0;
  #mark = 0;
  #view: View | null = null;
  #viewEnd = 0;
  rereads = 0;
  delivered = 0;

  #pendingOn(key: string): boolean {
    return this.log.some(({ id, writes }) => !this.visible.has(id) && writes.some(write => write.key === key));
  }

  write(picks: readonly number[], deletes: boolean): void {
    const written = [...new Set(picks.map(pick => keys[pick % keys.length]!))].filter(key => !this.#pendingOn(key));
    if (written.length === 0) return;
    const id = this.log.length;
    this.log.push({ id, writes: written.map(key => ({ key, version: deletes ? null : ++this.#versions })) });
  }

  show(pick: number): void {
    const hidden = this.log.filter(({ id }) => !this.visible.has(id));
    if (hidden.length > 0) this.visible.add(hidden[pick % hidden.length]!.id);
  }

  stream(): void {
    const next = this.log[this.#streamed];
    if (next === undefined) return;
    this.recent.add(next.id);
    for (const { key, version } of next.writes) {
      if (this.window.open && !this.window.touched(key, next.id)) this.rereads++;
      this.published.push({ key, version, read: false });
    }
    this.#streamed++;
  }

  begin(): void {
    if (this.window.open) return;
    this.window.begin();
    this.#mark = this.recent.mark;
    this.#view = null;
  }

  /** Takes the view as the reader does: again until it sees all that the stream had brought. */
  view(): void {
    if (!this.window.open || this.window.loaded !== null || this.#view !== null) return;
    const view = new Set(this.visible);
    if (!this.recent.allSeen(this.#mark, id => view.has(id))) return;
    this.#view = view;
    this.#viewEnd = this.log.length;
  }

  load(): void {
    const view = this.#view;
    if (view === null || this.window.loaded !== null) return;
    const rows = new Map(rowsBefore.map(key => [key, 0]));
    for (const { id, writes } of this.log) {
      if (!view.has(id)) continue;
      for (const { key, version } of writes)
        if (version === null) rows.delete(key);
        else rows.set(key, version);
    }
    const chunk = { view, keys: [...rows.keys()], versions: [...rows.values()], end: this.#viewEnd };
    assert.ok(this.window.load(chunk), 'every change tells its row');
    this.#view = null;
  }

  deliver(): void {
    const loaded = this.window.loaded;
    if (loaded === null || this.#streamed < loaded.end) return;
    const { chunk, places } = this.window.take();
    for (const place of places) this.published.push({ key: chunk.keys[place]!, version: chunk.versions[place]!, read: true });
    this.delivered++;
  }

  drain(): void {
    for (const { id } of this.log) this.visible.add(id);
    if (!this.window.open) this.begin();
    this.view();
    this.load();
    while (this.#streamed < this.log.length) this.stream();
    this.deliver();
  }
}

test('whatever the order of writing, streaming, becoming visible and reading: never older after newer, and nothing is lost', () => {
  const only = <Kind extends string>(kind: Kind) => fc.record({ do: fc.constant(kind) });
  const write = fc.record({
    do: fc.constant('write' as const),
    picks: fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }),
    deletes: fc.boolean(),
  });
  const step = fc.oneof(
    { weight: 2, arbitrary: write },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('show' as const), pick: fc.nat() }) },
    { weight: 3, arbitrary: only('stream') },
    ...(['begin', 'view', 'load', 'deliver'] as const).map(kind => ({ weight: 3, arbitrary: only(kind) })),
  );
  let chunks = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 150, size: 'max' }), steps => {
      const model = new Model();
      for (const taken of steps) {
        if (taken.do === 'write') model.write(taken.picks, taken.deletes);
        else if (taken.do === 'show') model.show(taken.pick);
        else model[taken.do]();
      }
      model.drain();
      chunks += model.delivered;
      // The place in the log of each version, and of each deletion as it is published, tells which is newer.
      const [latest, deletions] = [new Map<string, number | null>(), new Map<string, number>()];
      const newest = new Map<string, number>();
      for (const { key, version, read } of model.published) {
        const former = newest.get(key) ?? -1;
        if (version === null) deletions.set(key, former);
        else {
          assert.ok(version >= former, `${key}: version ${version} after ${former}`);
          const gone = deletions.get(key);
          assert.ok(!(read && latest.get(key) === null && gone !== undefined && version <= gone), `${key} is back at version ${version}`);
          newest.set(key, version);
        }
        latest.set(key, version);
      }
      const truth = new Map<string, number | null>();
      for (const { writes } of model.log) for (const { key, version } of writes) truth.set(key, version);
      for (const key of rowsBefore) if (!truth.has(key)) truth.set(key, 0);
      for (const [key, version] of truth) assert.equal(latest.get(key), version, `${key} ends as it is`);
    }),
    { numRuns: 1_000 },
  );
  assert.ok(chunks > 1_500, `${chunks} chunks were delivered, one at the end of each run`);
});

test('a change that does not tell its row has the chunk read again, unless its view saw it', () => {
  const window = new ChunkWindow<View, number, ModelChunk>((view, id) => view.has(id));
  const chunk: ModelChunk = { view: new Set([1]), keys: ['a'], versions: [1], end: 0 };
  window.begin();
  window.touched(null, 1);
  assert.ok(window.load(chunk));
  assert.equal(window.touched(null, 2), false);
  assert.equal(window.loaded, null);
  window.begin();
  window.touched(null, 2);
  assert.equal(window.load(chunk), false);
});

test('what was read while the window was closed is read again: its changes were not heard of', () => {
  const window = new ChunkWindow<View, number, ModelChunk>((view, id) => view.has(id));
  window.begin();
  window.close();
  assert.equal(window.load({ view: new Set(), keys: ['a'], versions: [1], end: 0 }), false);
  assert.equal(window.open, false);
});

test('more changes than are remembered have the chunk read again', () => {
  const window = new ChunkWindow<View, number, ModelChunk>(() => true);
  window.begin();
  for (let n = 0; n <= 100_000; n++) window.touched('a', n);
  assert.equal(window.load({ view: new Set(), keys: [], versions: [], end: 0 }), false);
});
