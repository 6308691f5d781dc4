import type { LogRecord, LogWriter } from '../../../../src/contract/index.ts';
import { type EmbeddedLog, type EmbeddedLogOptions, openEmbeddedLog } from '../../../../src/log/embedded/embedded-log.ts';
import { type PlainRecord, serializedBatch } from '../../../integration/serialized-batch.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { silentLogger } from '../../../support/silent-logger.ts';

export const never: AbortSignal = new AbortController().signal;

/** A log in a folder of its own, with what tests do to it. */
export class OpenedLog implements AsyncDisposable {
  readonly folder: ScratchFolder;
  readonly log: EmbeddedLog;

  constructor(folder: ScratchFolder, log: EmbeddedLog) {
    this.folder = folder;
    this.log = log;
  }

  static async open(options: Partial<EmbeddedLogOptions> = {}): Promise<OpenedLog> {
    const folder = new ScratchFolder('log');
    return new OpenedLog(folder, await openEmbeddedLog({ dataDir: folder.path, logger: silentLogger, ...options }));
  }

  async topic(topic: string, configs: Record<string, string> = {}, partitions = 1): Promise<string> {
    await this.log.ensureTopics([{ topic, partitions, replicationFactor: -1, configs }], never);
    return topic;
  }

  writer(connector = 'connector', task = 0): Promise<LogWriter> {
    return this.log.writer({ connector, task }, { producerOverrides: {}, transactional: true }, never);
  }

  async append(writer: LogWriter, records: readonly PlainRecord[]): Promise<void> {
    await writer.append({ records: serializedBatch(records), offsets: [] });
  }

  async read(topic: string): Promise<readonly LogRecord[]> {
    const found: LogRecord[] = [];
    for await (const records of this.log.read({ topics: [topic], from: 'start', follow: false }, never)) found.push(...records);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.log[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

/** Values as texts. */
export const texts = (records: readonly LogRecord[]): readonly (string | null)[] =>
  records.map(({ value }) => (value === null ? null : Buffer.from(value).toString()));
