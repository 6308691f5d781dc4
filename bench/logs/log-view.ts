/** What a reader that had no part in the writing finds in a topic. */
export type Reading = {
  /** Committed records. */
  readonly records: number;
  /** Different ids among their keys: as many as records, or some are there twice. */
  readonly ids: number;
  /** Milliseconds since 1970: when the first record was appended. */
  readonly firstMs: number;
};

/** The log as the harness sees it from outside while a subject writes to it. */
export interface LogView extends AsyncDisposable {
  /** Whether `end` counts records only; on Kafka it counts the markers of transactions too. */
  readonly countsRecordsOnly: boolean;
  /** Makes the topic, alike for every subject: one partition, the log's own settings. */
  prepare(topic: string): Promise<void>;
  /** The offset behind the last committed record; 0 for a topic that is not there yet. Costs a fraction of a millisecond. */
  end(topic: string): Promise<number>;
  /** Reads all that is committed, and goes on until `expected` different ids came. */
  read(topic: string, expected: number): Promise<Reading>;
  /** The topic has done its work. */
  remove(topic: string): Promise<void>;
}

/** The distinct ids of keys such as `{"id":17}`, or `{"id":"17"}` as MongoDB's are. */
export class SeenIds {
  readonly #seen = new Set<number>();

  /** Throws where the key has no id: then it is no record of the workload. */
  add(key: Uint8Array | null): void {
    const text = key === null ? 'null' : Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
    const id = /"id":"?(\d+)/.exec(text)?.[1];
    if (id === undefined) throw new Error(`A record's key has no id: ${text}`);
    this.#seen.add(Number(id));
  }

  get count(): number {
    return this.#seen.size;
  }
}
