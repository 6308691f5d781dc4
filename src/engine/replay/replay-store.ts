import type { ConnectorStore, JsonObject, JsonValue } from '../../contract/index.ts';
import type { ReplayOutcome, StoredReplay } from './replay-state.ts';

/** Replays that have ended are shown so long: the last of each sink. */
const endedKept = 20;

/**
 * Replays where source offsets are, under a name that no connector has: so they outlive a restart, on Kafka that of a worker, and the sink's next
 * owner finds them.
 */
function ownerOf(connector: string): string {
  return `sluice:replays:${connector}`;
}

/** By id, in the order in which they were made. */
export async function readReplays(store: ConnectorStore, connector: string): Promise<readonly StoredReplay[]> {
  const found = await store.offsets(ownerOf(connector));
  return found
    .flatMap(({ partition, offset }) => {
      const replay = offset === null ? null : readStored(partition['replay'], offset);
      return replay === null ? [] : [replay];
    })
    .sort((a, b) => Number(a.id) - Number(b.id));
}

export async function writeReplay(store: ConnectorStore, connector: string, replay: StoredReplay): Promise<void> {
  await store.alterOffsets(ownerOf(connector), [{ partition: { replay: replay.id }, offset: stored(replay) }]);
}

/** Forgets the oldest of those that have ended, where there are too many. */
export async function forgetEnded(store: ConnectorStore, connector: string, all: readonly StoredReplay[]): Promise<void> {
  const ended = all.filter(({ outcome }) => outcome !== 'RUNNING');
  await remove(store, connector, ended.slice(0, Math.max(0, ended.length - endedKept)));
}

/** Forgets all of a connector that is gone. */
export async function forgetReplays(store: ConnectorStore, connector: string): Promise<void> {
  await remove(store, connector, await readReplays(store, connector));
}

async function remove(store: ConnectorStore, connector: string, replays: readonly StoredReplay[]): Promise<void> {
  if (replays.length === 0) return;
  await store.alterOffsets(
    ownerOf(connector),
    replays.map(({ id }) => ({ partition: { replay: id }, offset: null })),
  );
}

/** Bumped when what is stored changes its meaning: what another version has stored is left alone. */
const formVersion = 1;

function stored(replay: StoredReplay): JsonObject {
  const { ranges, checkpoint, request, createdMs, endedMs, outcome, error } = replay;
  const { hashes, positions, counts } = checkpoint;
  return {
    form: formVersion,
    request,
    ranges: ranges.map(({ topic, partition, start, end, era }) => ({ topic, partition, start: String(start), end: String(end), era })),
    created: createdMs,
    ended: endedMs,
    outcome,
    error,
    hashes,
    positions: positions.map(String),
    counts: { ...counts },
  };
}

const outcomes: ReadonlySet<unknown> = new Set<ReplayOutcome>(['RUNNING', 'COMPLETED', 'STOPPED', 'FAILED']);

function readStored(id: JsonValue | undefined, offset: JsonObject): StoredReplay | null {
  if (typeof id !== 'string' || offset['form'] !== formVersion || !outcomes.has(offset['outcome'])) return null;
  const { request, created, ended, outcome, error, hashes, counts } = offset;
  const ranges = (offset['ranges'] ?? []) as readonly { topic: string; partition: number; start: string; end: string; era: number }[];
  return {
    id,
    request: request as StoredReplay['request'],
    ranges: ranges.map(range => ({ ...range, start: BigInt(range.start), end: BigInt(range.end) })),
    createdMs: Number(created),
    endedMs: ended === null || ended === undefined ? null : Number(ended),
    outcome: outcome as ReplayOutcome,
    error: (error ?? null) as StoredReplay['error'],
    checkpoint: {
      hashes: (hashes ?? null) as StoredReplay['checkpoint']['hashes'],
      positions: ((offset['positions'] ?? []) as readonly string[]).map(BigInt),
      counts: counts as StoredReplay['checkpoint']['counts'],
    },
  };
}
