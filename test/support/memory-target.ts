import {
  readChange,
  type Sink,
  type SinkBatch,
  type SinkResult,
  SluiceError,
  toSluiceError,
  type Value,
} from '../../src/contract/index.ts';

type Held = { readonly version: bigint; readonly fields: ReadonlyMap<string, Value> | null };

/** A target in memory: rows by the first field of their key, each at its version, and what can go wrong with it. */
export class MemoryTarget {
  readonly #rows = new Map<string, Map<string, Held>>();
  /** While true, every write fails as one that heals by itself. */
  away = false;
  /** Rows whose `name` is this are refused. */
  readonly refusedName = 'refused';
  writes = 0;

  /** Rows that are there, by topic. */
  rows(topic: string): readonly ReadonlyMap<string, Value>[] {
    return [...(this.#rows.get(topic)?.values() ?? [])].flatMap(({ fields }) => (fields === null ? [] : [fields]));
  }

  sink(): Sink {
    return {
      check: async () => [],
      write: async batch => this.#write(batch),
      async [Symbol.asyncDispose]() {},
    };
  }

  #write({ records }: SinkBatch): SinkResult {
    this.writes++;
    if (this.away) throw new SluiceError('TARGET_UNAVAILABLE', 'The target in memory is away.');
    const failed: { index: number; error: SluiceError }[] = [];
    for (const [index, record] of records.entries()) {
      try {
        const { kind, key, after } = readChange(record);
        if (kind === 'none') continue;
        if (key === null) throw new SluiceError('RECORD_REFUSED', `A record of ${record.topic} has no key.`);
        if (after?.fields.get('name') === this.refusedName)
          throw new SluiceError('RECORD_REFUSED', `The target in memory refuses a record of ${record.topic}.`);
        const rows = this.#rows.get(record.topic) ?? new Map<string, Held>();
        this.#rows.set(record.topic, rows);
        const id = String([...key.fields.values()][0]);
        const held = rows.get(id);
        if (held !== undefined && held.version >= record.version) continue;
        rows.set(id, { version: record.version, fields: kind === 'upsert' ? after!.fields : null });
      } catch (error) {
        failed.push({ index, error: toSluiceError(error) });
      }
    }
    return { publish: [], failed };
  }
}
