import type { EventLog, LogRecord, TopicPartition } from '../../contract/index.ts';
import type { LatestKeys } from './latest-keys.ts';
import { partitionText, readRanges } from './read-ranges.ts';
import { RecordView, type Scanning } from './scan-latest.ts';

/** Follows the log behind what was scanned, as far as a target says that it has been written. */
export class LogTail {
  readonly #log: EventLog;
  readonly #keys: LatestKeys;
  readonly #view: RecordView;
  readonly #scanning: Scanning;
  /** By partition, before which everything is known. */
  readonly #followed: Map<string, bigint>;

  constructor(keys: LatestKeys, scanning: Scanning) {
    [this.#log, this.#keys, this.#scanning] = [scanning.log, keys, scanning];
    this.#view = new RecordView(scanning);
    this.#followed = new Map(
      scanning.topics.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, end }) => [partitionText({ topic, partition }), end]),
      ),
    );
  }

  /** Whether the log has a later record of the record's key, as far as an offset of its partition (inclusive). */
  async superseded(record: LogRecord, upTo: bigint, abort: AbortSignal): Promise<boolean> {
    await this.#follow(record, upTo, abort);
    return this.#keys.isSuperseded(record);
  }

  async #follow({ topic, partition }: TopicPartition, upTo: bigint, abort: AbortSignal): Promise<void> {
    const name = partitionText({ topic, partition });
    const start = this.#followed.get(name) ?? 0n;
    if (upTo < start) return;
    const [described] = await this.#log.describeTopics([topic]);
    const logEnd = described?.partitions.find(one => one.partition === partition)?.end ?? start;
    const end = upTo + 1n < logEnd ? upTo + 1n : logEnd;
    if (end <= start) return;
    for await (const { records } of readRanges(this.#log, [{ topic, partition, start, end }], abort)) {
      for (const record of records) {
        if (record.key !== null && this.#scanning.wanted.has(record) && this.#view.reachesSink(record))
          this.#keys.follow(record, this.#view.deletionBefore(record));
        this.#view.passed(record);
      }
    }
    this.#followed.set(name, end);
  }
}
