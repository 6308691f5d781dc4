import type { EventLog, LogRecord, PartitionOffset, TopicDescription } from '../../contract/index.ts';

/** Searches at a time: each reads what of the topics is not applied yet. Those beyond wait for their turn. */
const searchesMax = 4;

/** Looks for the newest record of one key in a part of the log. */
export class KeySearches {
  #underWay = 0;
  readonly #turns: (() => void)[] = [];

  /**
   * By partition, the offset behind the newest record that `isSought`, among those from `from` on (partitions left out are not looked at) up
   * to the ends that `topics` had. Rejects as the log does, and with the abort's reason once aborted.
   */
  async newest(
    log: EventLog,
    topics: readonly TopicDescription[],
    from: readonly PartitionOffset[],
    isSought: (record: LogRecord) => boolean,
    abort: AbortSignal,
  ): Promise<readonly PartitionOffset[]> {
    await this.#turn();
    try {
      abort.throwIfAborted();
      const ends = new Map(topics.flatMap(({ topic, partitions }) => partitions.map(one => [placeOf(topic, one.partition), one.end])));
      const begun = from.filter(({ topic, partition, offset }) => (ends.get(placeOf(topic, partition)) ?? 0n) > offset);
      const found = new Map<string, PartitionOffset>();
      if (begun.length === 0) return [];
      const range = { topics: [...new Set(begun.map(({ topic }) => topic))], from: { offsets: begun }, follow: false };
      for await (const records of log.read(range, abort)) {
        for (const record of records) {
          const { topic, partition, offset } = record;
          const place = placeOf(topic, partition);
          if (offset < (ends.get(place) ?? 0n) && isSought(record)) found.set(place, { topic, partition, offset: offset + 1n });
        }
      }
      // An aborted read ends early, and what it has not seen may hold a newer one.
      abort.throwIfAborted();
      return [...found.values()];
    } finally {
      const next = this.#turns.shift();
      if (next === undefined) this.#underWay--;
      else next();
    }
  }

  /** One that ends hands its place on. */
  async #turn(): Promise<void> {
    if (this.#underWay >= searchesMax) await new Promise<void>(resolve => this.#turns.push(resolve));
    else this.#underWay++;
  }
}

function placeOf(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}
