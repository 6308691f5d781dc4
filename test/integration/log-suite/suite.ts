import { randomUUID } from 'node:crypto';
import type {
  Consumed,
  EventLog,
  LogRecord,
  LogWriter,
  ReadRange,
  SluiceError,
  SourceOffset,
  TaskId,
  WriterOptions,
} from '../../../src/contract/index.ts';
import { type PlainRecord, serializedBatch } from '../serialized-batch.ts';

/** A log for the suite. */
export type LogUnderTest = AsyncDisposable & {
  readonly log: EventLog;
  /** Disposes the log and opens the same one again, as a restarted worker would; `log` is the new one from then on. */
  reopen(): Promise<void>;
};

export const writerOptions: WriterOptions = { producerOverrides: {}, transactional: true };
export const never: AbortSignal = new AbortController().signal;

/** An offset of one partition of a source; null deletes. */
export const offsetAt = (server: string, lsn: number | null): SourceOffset => ({
  partition: { server },
  offset: lsn === null ? null : { lsn, txId: 7 },
});

/** Values as texts. */
export const texts = (records: readonly LogRecord[]): readonly (string | null)[] =>
  records.map(({ value }) => (value === null ? null : Buffer.from(value).toString()));

/** For assert.rejects. */
export const code =
  (expected: SluiceError['code']) =>
  (error: unknown): boolean =>
    (error as SluiceError).code === expected;

/** What the suite's tests do to the log. Topics and connectors have random names, so that one log serves all tests. */
export class Suite {
  #under: LogUnderTest | null = null;

  use(under: LogUnderTest): void {
    this.#under = under;
  }

  get log(): EventLog {
    return this.#opened.log;
  }

  async reopen(): Promise<void> {
    await this.#opened.reopen();
  }

  aName(what: string): string {
    return `${what}-${randomUUID().slice(0, 8)}`;
  }

  aTask(): TaskId {
    return { connector: this.aName('connector'), task: 0 };
  }

  async aTopic(partitions = 1, configs: Record<string, string> = {}): Promise<string> {
    const topic = this.aName('topic');
    await this.log.ensureTopics([{ topic, partitions, replicationFactor: -1, configs }], never);
    return topic;
  }

  writerOf(task: TaskId, options: WriterOptions = writerOptions): Promise<LogWriter> {
    return this.log.writer(task, options, never);
  }

  async append(
    writer: LogWriter,
    records: readonly PlainRecord[],
    offsets: readonly SourceOffset[] = [],
    consumed?: Consumed,
  ): Promise<void> {
    await writer.append({ records: serializedBatch(records), offsets, ...(consumed && { consumed }) });
  }

  async read(range: Partial<ReadRange> & { topics: readonly string[] }): Promise<readonly LogRecord[]> {
    const found: LogRecord[] = [];
    for await (const records of this.log.read({ from: 'start', follow: false, ...range }, never)) found.push(...records);
    return found;
  }

  /** Follows topics until `enough` says so of what came. */
  async follow(range: Omit<ReadRange, 'follow'>, enough: (records: readonly LogRecord[]) => boolean): Promise<readonly LogRecord[]> {
    const abort = new AbortController();
    const found: LogRecord[] = [];
    for await (const records of this.log.read({ ...range, follow: true }, abort.signal)) {
      found.push(...records);
      if (enough(found)) abort.abort();
    }
    return found;
  }

  get #opened(): LogUnderTest {
    if (!this.#under) throw new Error('The log is not open yet.');
    return this.#under;
  }
}
