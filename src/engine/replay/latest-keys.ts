import type { LogRecord } from '../../contract/index.ts';

/** The most bytes of keys that are held at a time; a range with more is gone through several times, each time for a part of the keys. */
export const latestKeyBytesMax = 64 * 1024 * 1024;
/** What a key costs in memory beside its own bytes. */
const entryBytes = 200;
/** Keys are parted by hashes from 0 up to this. */
export const hashLimit = 2 ** 32;

/** The record that is a key's latest. */
export type LatestRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly bytes: number;
  /** Where the latest is the tombstone behind a delete, that delete, which may say more than the tombstone: where the row was. */
  readonly deletion: { readonly offset: bigint; readonly bytes: number } | null;
};

/** The keys with hashes from `floor` (inclusive) to `ceiling` (exclusive). */
export type HashRange = { readonly floor: number; readonly ceiling: number };

/**
 * The latest record of each key of a part of the keys: of as many as the bound holds. What does not fit is left to the next part, which begins at
 * this one's `ceiling`. Keys are a topic's, since a topic that got more partitions has a key's records in several.
 */
export class LatestKeys {
  readonly floor: number;
  readonly #bytesMax: number;
  readonly #latest = new Map<string, LatestRecord>();
  #ceiling: number;
  #bytes = 0;

  constructor({ floor, ceiling }: HashRange, bytesMax = latestKeyBytesMax) {
    this.floor = floor;
    this.#ceiling = ceiling;
    this.#bytesMax = bytesMax;
  }

  get ceiling(): number {
    return this.#ceiling;
  }

  get size(): number {
    return this.#latest.size;
  }

  records(): Iterable<LatestRecord> {
    return this.#latest.values();
  }

  /** A record of the range: its key is one of those that are sent. */
  add(record: LogRecord, deletion: LatestRecord['deletion']): void {
    const text = keyText(record);
    const known = this.#latest.get(text);
    if (known !== undefined) {
      if (isLater(record, known)) this.#latest.set(text, latestOf(record, deletion));
      return;
    }
    if (!this.#covers(text)) return;
    this.#latest.set(text, latestOf(record, deletion));
    this.#bytes += text.length + entryBytes;
    while (this.#bytes > this.#bytesMax && this.#ceiling - this.floor > 1) this.#halve();
  }

  /** A record from outside the range: it counts where its key is one of those that are sent. */
  follow(record: LogRecord, deletion: LatestRecord['deletion']): void {
    const text = keyText(record);
    const known = this.#latest.get(text);
    if (known !== undefined && isLater(record, known)) this.#latest.set(text, latestOf(record, deletion));
  }

  /** Whether it is to be sent: as its key's latest, or as the delete before the tombstone that is. */
  isChosen(record: LogRecord): boolean {
    const latest = this.#latest.get(keyText(record));
    if (latest === undefined || latest.partition !== record.partition) return false;
    return latest.offset === record.offset || latest.deletion?.offset === record.offset;
  }

  /** Whether a later record of its key is known. */
  isSuperseded(record: LogRecord): boolean {
    const latest = this.#latest.get(keyText(record));
    return latest !== undefined && isLater(latest, record);
  }

  /** Keys whose latest record comes before their topic was emptied have nothing to send: their rows are gone, and no record of theirs says so. */
  truncated(truncation: LogRecord): void {
    for (const [text, latest] of this.#latest)
      if (latest.topic === truncation.topic && isLater(truncation, latest)) {
        this.#latest.delete(text);
        this.#bytes -= text.length + entryBytes;
      }
  }

  #covers(text: string): boolean {
    const whole = this.floor === 0 && this.#ceiling === hashLimit;
    if (whole) return true;
    const hash = hashOf(text);
    return hash >= this.floor && hash < this.#ceiling;
  }

  /** The upper half of the hashes is left to the next part. */
  #halve(): void {
    this.#ceiling = this.floor + Math.ceil((this.#ceiling - this.floor) / 2);
    for (const text of this.#latest.keys()) {
      if (hashOf(text) < this.#ceiling) continue;
      this.#latest.delete(text);
      this.#bytes -= text.length + entryBytes;
    }
  }
}

type Placed = Pick<LatestRecord, 'partition' | 'offset' | 'timestampMs'>;

/** In one partition the offset tells; between partitions only the time is left. */
function isLater(one: Placed, than: Placed): boolean {
  return one.partition === than.partition ? one.offset > than.offset : one.timestampMs > than.timestampMs;
}

function latestOf({ topic, partition, offset, timestampMs, key, value }: LogRecord, deletion: LatestRecord['deletion']): LatestRecord {
  return { topic, partition, offset, timestampMs, bytes: (key?.length ?? 0) + (value?.length ?? 0), deletion };
}

function keyText({ topic, key }: LogRecord): string {
  return `${topic}/${key === null ? '' : Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')}`;
}

/** FNV-1a, 32 bits: the same in every run, since a replay that is resumed goes on with the same part of the keys. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
