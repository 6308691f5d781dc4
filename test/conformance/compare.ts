import { align } from './align.ts';
import { type NormalisedRecord, normalise } from './normalise.ts';
import { canonical, differences, inOrder, isObject, show, transactionIds } from './recorded.ts';

/** What a case says about its comparison. */
export type CompareOptions = {
  /** Order is free, in these topics or (true) everywhere: records compare as multisets by key. */
  readonly unordered?: boolean | readonly string[];
  /** Topics that are not compared. */
  readonly ignore?: readonly string[];
  /** Further volatile fields (dotted paths of the payload) and headers. */
  readonly volatile?: readonly string[];
};

/** `matched` of `total` records are the same; `differences` says what is not, a line each. */
export type Comparison = { readonly matched: number; readonly total: number; readonly differences: readonly string[] };

type Item = NormalisedRecord & { readonly keyText: string; readonly text: string };

function byTopic(lines: readonly string[], { ignore = [], volatile = [] }: CompareOptions): Map<string, Item[]> {
  const topics = new Map<string, Item[]>();
  for (const line of lines) {
    const record = normalise(line, volatile);
    if (ignore.includes(record.topic)) continue;
    const keyText = inOrder(record.key);
    const item = { ...record, keyText, text: canonical({ ...record, keyText }) };
    topics.set(record.topic, [...(topics.get(record.topic) ?? []), item]);
  }
  return topics;
}

/** By key, then by content: one order for both sides where order is free. */
function sorted(items: readonly Item[]): Item[] {
  const order = (item: Item) => `${canonical(item.key)}\n${item.text}`;
  return items
    .map(item => [order(item), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, item]) => item);
}

/** One transaction id stands for one other; so does what is before its last colon (PostgreSQL's ids end in a position). */
class TransactionIds {
  readonly #forth = new Map<string, string>();
  readonly #back = new Map<string, string>();

  match(expected: Item, got: Item): boolean {
    const gotIds = transactionIds(got.value).concat(transactionIds(got.key));
    return transactionIds(expected.value)
      .concat(transactionIds(expected.key))
      .every((id, index) => {
        const other = gotIds[index]!;
        const prefix = (text: string) => text.replace(/:[^:]*$/, ':');
        return this.#same(id, other) && (!id.includes(':') || this.#same(prefix(id), prefix(other)));
      });
  }

  #same(expected: string, got: string): boolean {
    if (!this.#forth.has(expected) && !this.#back.has(got)) {
      this.#forth.set(expected, got);
      this.#back.set(got, expected);
    }
    return this.#forth.get(expected) === got && this.#back.get(got) === expected;
  }
}

function nameOf(item: Item, index: number): string {
  const key = isObject(item.key) && 'payload' in item.key ? item.key['payload'] : item.key;
  return `${item.topic} #${index + 1} key ${show(key)}`;
}

function describeDifference(expected: Item, got: Item): string {
  const { text: _, ...wanted } = expected;
  const { text: __, ...found } = got;
  const list = differences(wanted, found);
  return `${list.slice(0, 5).join('; ')}${list.length > 5 ? `; and ${list.length - 5} more` : ''}`;
}

/** Compares one topic's records; answers how many match and of how many, and adds what differs to `found`. */
function compareTopic(expected: readonly Item[], got: readonly Item[], ids: TransactionIds | null, found: string[]): [number, number] {
  const expectedTexts = new Set(expected.map(item => item.text));
  const gotTexts = new Set(got.map(item => item.text));
  const lost: number[] = [];
  const extra: number[] = [];
  let matched = 0;
  let total = 0;
  let left = 0;
  let right = 0;
  for (const [leftEnd, rightEnd] of [
    ...align(
      expected.map(item => item.text),
      got.map(item => item.text),
    ),
    [expected.length, got.length] as const,
  ]) {
    // In a gap: pair by position to say what differs, unless one of the two merely moved.
    for (; left < leftEnd && right < rightEnd; left++, right++) {
      const [wanted, actual] = [expected[left]!, got[right]!];
      if (gotTexts.has(wanted.text) || expectedTexts.has(actual.text)) {
        lost.push(left);
        extra.push(right);
        continue;
      }
      total++;
      found.push(`${nameOf(wanted, left)}: ${describeDifference(wanted, actual)}`);
    }
    for (; left < leftEnd; left++) lost.push(left);
    for (; right < rightEnd; right++) extra.push(right);
    if (leftEnd < expected.length) {
      const [wanted, actual] = [expected[leftEnd]!, got[rightEnd]!];
      total++;
      if (!ids || ids.match(wanted, actual)) matched++;
      else {
        const shown = `expected ${transactionIds(wanted.value).join()}, got ${transactionIds(actual.value).join()}`;
        found.push(`${nameOf(wanted, leftEnd)}: transaction ids are not equal and unequal as in the golden: ${shown}`);
      }
    }
    left = leftEnd + 1;
    right = rightEnd + 1;
  }
  for (const index of lost) {
    const item = expected[index]!;
    total++;
    const moved = extra.findIndex(other => got[other]!.text === item.text);
    if (moved >= 0) found.push(`${nameOf(item, index)}: out of order, it came as #${extra.splice(moved, 1)[0]! + 1}`);
    else found.push(`${nameOf(item, index)}: missing: value ${show(item.value)}`);
  }
  for (const index of extra) {
    total++;
    found.push(`${nameOf(got[index]!, index)}: unexpected: value ${show(got[index]!.value)}`);
  }
  return [matched, total];
}

/**
 * Compares two recordings (a line a record, as the recorder writes them) per topic and in order: everything counts, schemas too,
 * but for what differs from run to run. Objects compare without the order of their fields, keys with it; numbers by value.
 */
export function compare(golden: readonly string[], actual: readonly string[], options: CompareOptions = {}): Comparison {
  const { unordered = false } = options;
  const expected = byTopic(golden, options);
  const got = byTopic(actual, options);
  const ids = new TransactionIds();
  const found: string[] = [];
  let matched = 0;
  let total = 0;
  for (const topic of [...new Set([...expected.keys(), ...got.keys()])].sort()) {
    const free = typeof unordered === 'boolean' ? unordered : unordered.includes(topic);
    const sides = [expected.get(topic) ?? [], got.get(topic) ?? []].map(items => (free ? sorted(items) : items));
    const [matches, records] = compareTopic(sides[0]!, sides[1]!, free ? null : ids, found);
    matched += matches;
    total += records;
  }
  return { matched, total, differences: found };
}
