import { differingPaths, type RecordForm } from './record-form.ts';

/** A record of one side: what it is compared by, and where it lies. */
export type ComparedRecord = {
  /** The connector's own topic, on both sides. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  /** The key as a text; what follows one another under it is held in order. */
  readonly key: string;
  /** `formText` of it. */
  readonly text: string;
  readonly form: RecordForm;
};

export type Difference = {
  /** `missing`: the running connector published it, the shadow did not; `surplus`: the other way round. */
  readonly kind: 'missing' | 'surplus' | 'different';
  readonly topic: string;
  /** Where it lies in the running connector's topic; null of a surplus one. */
  readonly at: string | null;
  readonly shadowAt: string | null;
  /** Names of the fields that differ. */
  readonly fields: readonly string[];
};

export type Comparison = {
  readonly compared: number;
  readonly keys: number;
  readonly topics: readonly string[];
  readonly differences: readonly Difference[];
  /** Records of one side, younger than the comparison's end, that the other side has not published yet. */
  readonly pending: number;
};

/** Differences that are kept; more are counted by topic and fields all the same by whoever shows them. */
const differencesMax = 1_000;

/**
 * Compares what a running connector and its shadow published: of each key the same records in the same order. The shadow began later, so of the
 * running one's records those before the place where the shadow joins do not count; nor do, on either side, the last ones, where they
 * are younger than `endMs` (milliseconds since 1970): the other side may be about to publish them.
 */
export function compareRecords(running: readonly ComparedRecord[], shadow: readonly ComparedRecord[], endMs: number): Comparison {
  const differences: Difference[] = [];
  const [byKey, shadowByKey] = [grouped(running), grouped(shadow)];
  const pairs = [...shadowByKey].map(([key, after]) => ({ before: byKey.get(key) ?? [], after }));
  const joined = pairs.map(({ before, after }) => ({ before, after, from: joinsAt(before, after, endMs) }));
  // Within a partition the order is that of commits: behind the first record that both have, the shadow has all.
  const begins = new Map<string, bigint>();
  for (const { before, after, from } of joined) {
    const first = before[from];
    if (first === undefined || first.text !== after[0]!.text) continue;
    const place = partitionOf(first);
    const known = begins.get(place);
    if (known === undefined || first.offset < known) begins.set(place, first.offset);
  }
  const behindBegin = (record: ComparedRecord) => record.offset > (begins.get(partitionOf(record)) ?? record.offset);
  let [compared, pending] = [0, 0];
  for (const { before, after, from } of joined) {
    for (const record of before.slice(0, from)) if (behindBegin(record)) tell('missing', record, null);
    const length = Math.max(before.length - from, after.length);
    for (let index = 0; index < length; index++) {
      const [ours, theirs] = [before[from + index], after[index]];
      if (ours !== undefined && theirs !== undefined) {
        compared++;
        if (ours.text !== theirs.text) tell('different', ours, theirs);
      } else if ((ours ?? theirs)!.timestampMs > endMs) pending++;
      else tell(ours === undefined ? 'surplus' : 'missing', ours ?? null, theirs ?? null);
    }
  }
  for (const [key, records] of byKey)
    if (!shadowByKey.has(key))
      for (const record of records) {
        if (!behindBegin(record)) continue;
        if (record.timestampMs > endMs) pending++;
        else tell('missing', record, null);
      }
  return { compared, keys: shadowByKey.size, topics: [...new Set(shadow.map(({ topic }) => topic))].sort(), differences, pending };

  function tell(kind: Difference['kind'], ours: ComparedRecord | null, theirs: ComparedRecord | null): void {
    if (differences.length >= differencesMax) return;
    differences.push({
      kind,
      topic: (ours ?? theirs)!.topic,
      at: ours && placeOf(ours),
      shadowAt: theirs && placeOf(theirs),
      fields: kind === 'different' ? differingPaths(ours!.form, theirs!.form) : [],
    });
  }
}

function grouped(records: readonly ComparedRecord[]): Map<string, ComparedRecord[]> {
  const byKey = new Map<string, ComparedRecord[]>();
  for (const record of records) {
    const key = `${record.topic}\n${record.key}`;
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, [record]);
    else known.push(record);
  }
  return byKey;
}

/**
 * Where in a key's records the shadow's begin: the place from which the fewest of both are left unlike or alone (but for those younger than the
 * end), and of several such places the one from which most are the same in a row. Where none is the same they are laid end to end, so that
 * each pair shows what differs.
 */
function joinsAt(before: readonly ComparedRecord[], after: readonly ComparedRecord[], endMs: number): number {
  let [best, bestRun, bestCost] = [Math.max(0, before.length - after.length), 0, Number.POSITIVE_INFINITY];
  const alone = (records: readonly ComparedRecord[], from: number) => {
    let count = 0;
    for (let index = from; index < records.length; index++) if (records[index]!.timestampMs <= endMs) count++;
    return count;
  };
  for (let from = 0; from < before.length; from++) {
    if (before[from]!.text !== after[0]!.text) continue;
    const both = Math.min(after.length, before.length - from);
    let run = 0;
    while (run < both && before[from + run]!.text === after[run]!.text) run++;
    const cost = both - run + alone(before, from + both) + alone(after, both);
    if (cost < bestCost || (cost === bestCost && run > bestRun)) [best, bestRun, bestCost] = [from, run, cost];
  }
  return best;
}

function partitionOf({ topic, partition }: ComparedRecord): string {
  return `${topic}/${partition}`;
}

function placeOf({ topic, partition, offset }: ComparedRecord): string {
  return `${topic}/${partition}@${offset}`;
}
