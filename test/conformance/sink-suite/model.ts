import type { SinkRecord } from '../../../src/contract/index.ts';
import type { SuiteRow, SuiteTopic } from './records.ts';

/** A source of numbers that is the same in every run of one seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A table of so many ids that changes at random, its records, and what it holds in the end. */
export function randomChanges(topic: SuiteTopic, count: number, random: () => number, ids = 12) {
  const rows = new Map<number, SuiteRow>();
  const records: SinkRecord[] = [];
  const below = (limit: number) => Math.floor(random() * limit);
  while (records.length < count) {
    const id = 1 + below(ids);
    const before = rows.get(id) ?? null;
    if (before !== null && random() < 0.3) {
      rows.delete(id);
      records.push(topic.delete(before));
      if (topic.form === 'enveloped') records.push(topic.tombstone(id));
    } else {
      const row = { id, name: random() < 0.1 ? null : `name ${records.length}`, amount: below(1000) };
      rows.set(id, row);
      records.push(topic.upsert(row, before));
    }
  }
  return { rows, records };
}
