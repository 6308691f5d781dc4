import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Clock, Logger, SourceSignal } from '../../../src/contract/index.ts';
import { WakeTimer } from '../wake-timer.ts';
import { readSignalText } from './signal-text.ts';

/** A signal file larger than this is no file of signals. */
const bytesMax = 1024 * 1024;

export type FileChannelParts = {
  /** `signal.file`; a relative one begins at the worker's own folder. */
  readonly file: string;
  /** `signal.poll.interval.ms`. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Follows a signal; answers why it is not followed, or null. Rejects with what the database failed with. */
  follow(signal: SourceSignal): Promise<string | null>;
};

/**
 * Debezium's file channel: each line of a file is a signal, `{"id", "type", "data"}` as JSON. What was followed is taken out of the file, once it
 * has been: where the task dies in between, it is followed again.
 */
export class FileChannel implements AsyncDisposable {
  readonly #parts: FileChannelParts;
  readonly #timer: WakeTimer;
  #looking: Promise<void> | null = null;
  #ended = false;
  /** The fault that was warned of: said once, until it is another or healed. */
  #told = '';

  constructor(parts: FileChannelParts) {
    this.#parts = parts;
    this.#timer = new WakeTimer(parts.clock, () => this.#look());
  }

  /** Looks now, and then again and again. */
  start(): void {
    this.#look();
  }

  #look(): void {
    if (this.#ended || this.#looking !== null) return;
    this.#looking = this.#read()
      .then(() => {
        this.#told = '';
      })
      .catch((error: Error) => this.#tell(error.message))
      .finally(() => {
        this.#looking = null;
        if (!this.#ended) this.#timer.at(this.#parts.clock.nowMs() + this.#parts.everyMs);
      });
  }

  async #read(): Promise<void> {
    const { file } = this.#parts;
    const written = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    if (written.length > bytesMax) throw new Error(`${file} is larger than ${bytesMax} bytes`);
    const end = written.lastIndexOf('\n') + 1;
    // The last line need not have an end; one that is no signal yet may still be being written.
    const taken = readSignalText(written.slice(end)) === null ? written.slice(0, end) : written;
    if (taken.trim() === '') return;
    for (const [index, line] of taken.split('\n').entries()) if (line.trim() !== '') await this.#follow(line, index + 1);
    // What was appended meanwhile stays. In one go: what came between a look and the writing would be lost, and the file is small.
    const now = readFileSync(file, 'utf8');
    writeFileSync(file, now.startsWith(taken) ? now.slice(taken.length) : '');
  }

  async #follow(line: string, number: number): Promise<void> {
    const signal = readSignalText(line);
    const why = signal === null ? 'it is not a JSON object with id, type and data' : await this.#parts.follow(signal);
    if (why === null) return;
    const { file, logger } = this.#parts;
    logger.warn({ file, line: number }, `The signal in line ${number} of ${file} is not followed: ${why}`);
  }

  #tell(message: string): void {
    if (message !== this.#told) this.#parts.logger.warn({ file: this.#parts.file }, `The signal file cannot be read: ${message}`);
    this.#told = message;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#timer[Symbol.dispose]();
    await this.#looking;
  }
}
