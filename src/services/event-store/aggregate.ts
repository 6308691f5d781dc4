import { createHash } from 'node:crypto';
import { SluiceError } from '../../contract/index.ts';
import type { Aggregate, AggregateAt, Evolution, RecordedEvent, StreamId, StreamSlice } from './event-store.ts';
import { jsonText } from './json-text.ts';
import type { EventStorage, ReadRange, StoredState } from './storage.ts';
import { formatStream } from './stream-id.ts';

/** Events read at once: a page is a few milliseconds of the main thread. */
const pageEvents = 1000;

/** What rebuilding needs: pages of events as they are today, and states. */
export type AggregateSource = Pick<EventStorage, 'storedState' | 'storeState'> & {
  read(stream: StreamId, range: ReadRange): Promise<StreamSlice>;
};

/** A state on its way, with what it is made of. */
type Folded<State> = { state: State; version: bigint; timestampMs: number; exists: boolean; readonly from: bigint };

/** Where no name is given, that of the functions' text: a state that other code made is not taken. */
function stateName<State>({ name, initial, evolve }: Evolution<State>): string {
  return name ?? `code-${createHash('sha256').update(`${initial}\n${evolve}`).digest('hex').slice(0, 32)}`;
}

function fits({ version, timestampMs }: StoredState, at: AggregateAt): boolean {
  return (at.version === undefined || version <= at.version) && (at.timestampMs === undefined || timestampMs <= at.timestampMs);
}

async function begin<State>(
  source: AggregateSource,
  stream: StreamId,
  evolution: Evolution<State>,
  at: AggregateAt,
): Promise<Folded<State>> {
  const stored = (evolution.snapshotEvery ?? 0) > 0 ? await source.storedState(stream, stateName(evolution)) : null;
  if (stored === null || !fits(stored, at)) return { state: evolution.initial(), version: 0n, timestampMs: 0, exists: false, from: 0n };
  // What was stored under this name is what `evolve` made: the name is changed with its meaning.
  const state = stored.state as State;
  return { state, version: stored.version, timestampMs: stored.timestampMs, exists: true, from: stored.version };
}

/** Goes on with a page. False: the end was reached that was asked for. */
function foldPage<State>(folded: Folded<State>, { evolve }: Evolution<State>, events: readonly RecordedEvent[], at: AggregateAt): boolean {
  for (const event of events) {
    if (at.timestampMs !== undefined && event.timestampMs > at.timestampMs) return false;
    folded.state = evolve(folded.state, event);
    folded.version = event.version;
    folded.exists = true;
    if (event.timestampMs > folded.timestampMs) folded.timestampMs = event.timestampMs;
  }
  return true;
}

async function keep<State>(source: AggregateSource, stream: StreamId, evolution: Evolution<State>, folded: Folded<State>): Promise<void> {
  const text = jsonText(folded.state, `The state of ${formatStream(stream)}, which snapshotEvery has stored,`, 'state');
  const { version, timestampMs } = folded;
  await source.storeState(stream, stateName(evolution), { version, timestampMs, text });
}

/**
 * Rebuilds an aggregate page by page, from the state stored last. With a moment (`timestampMs`) it ends before the first event that is later. A stream
 * that is deleted meanwhile is begun anew. Throws SluiceError EVENT_INVALID for a state that is to be stored and is no JSON.
 */
export async function rebuild<State>(
  source: AggregateSource,
  stream: StreamId,
  evolution: Evolution<State>,
  at: AggregateAt = {},
): Promise<Aggregate<State>> {
  const snapshotEvery = evolution.snapshotEvery ?? 0;
  if (!Number.isSafeInteger(snapshotEvery) || snapshotEvery < 0)
    throw new SluiceError('EVENT_INVALID', 'snapshotEvery is no whole number from 0 on.');
  const to = at.version ?? null;
  let folded = await begin(source, stream, evolution, at);
  for (;;) {
    const expected = folded.version + 1n;
    const page = await source.read(stream, { from: expected, to, direction: 'forwards', limit: pageEvents });
    const first = page.events[0];
    // Between two pages, or behind the stored state, the stream was deleted: what was folded is no longer there.
    const lost = folded.exists && (!page.exists || (first !== undefined && first.version !== expected));
    if (lost) {
      folded = { state: evolution.initial(), version: 0n, timestampMs: 0, exists: false, from: 0n };
      if (page.exists) continue;
    }
    if (!page.exists) return { state: folded.state, version: page.version, exists: false };
    const more = foldPage(folded, evolution, page.events, at);
    if (!more || page.events.length < pageEvents) break;
  }
  const whole = at.version === undefined && at.timestampMs === undefined;
  if (whole && snapshotEvery > 0 && folded.version - folded.from >= BigInt(snapshotEvery)) await keep(source, stream, evolution, folded);
  return { state: folded.state, version: folded.version, exists: folded.exists };
}
