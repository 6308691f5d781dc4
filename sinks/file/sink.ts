import { constants } from 'node:fs';
import { access, type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type CheckResult,
  type Plugin,
  type Sink,
  type SinkBatch,
  type SinkResult,
  SluiceError,
  toSluiceError,
} from '../../src/contract/index.ts';
import { jsonLine, textLine } from './lines.ts';
import { type FileSettings, fileSpec } from './options.ts';

const lineEnd = 10;

/** Appends records to a file, a line each, at least once: a batch that comes again is there again. */
export class FileSink implements Sink {
  readonly #settings: FileSettings;
  #handle: FileHandle | null = null;

  constructor(settings: FileSettings) {
    this.#settings = settings;
  }

  async check(): Promise<readonly CheckResult[]> {
    const { file } = this.#settings;
    if (file === null) return [];
    const found = { subject: file, option: 'file', code: null, remedy: null };
    try {
      const there = await stat(file).catch(() => null);
      if (there?.isDirectory()) throw new Error('it is a folder');
      await access(there ? file : dirname(file), constants.W_OK);
      return [{ ...found, status: 'ok', message: 'can be written' }];
    } catch (error) {
      const { code, message, remedy } = failure(file, error as Error);
      return [{ ...found, status: 'fault', code, message, remedy }];
    }
  }

  async write({ records }: SinkBatch): Promise<SinkResult> {
    const failed: { index: number; error: SluiceError }[] = [];
    let text = '';
    for (const [index, record] of records.entries()) {
      try {
        text += this.#settings.json ? jsonLine(record) : textLine(record);
      } catch (thrown) {
        const error = toSluiceError(thrown);
        if (error.retry !== 'record') throw error;
        failed.push({ index, error });
      }
    }
    await this.#append(text);
    return { publish: [], failed };
  }

  async #append(text: string): Promise<void> {
    const { file } = this.#settings;
    if (text === '') return;
    if (file === null) {
      await new Promise<void>((resolve, reject) => process.stdout.write(text, error => (error ? reject(error) : resolve())));
      return;
    }
    try {
      // Opened anew for each batch, so that a file which was moved away (logrotate) is made again.
      this.#handle = await open(file, 'a+');
      const { size } = await this.#handle.stat();
      const last = new Uint8Array([lineEnd]);
      if (size > 0) await this.#handle.read(last, 0, 1, size - 1);
      // A crash may have left half a line; the rest of it comes again on a line of its own.
      await this.#handle.appendFile(last[0] === lineEnd ? text : `\n${text}`);
      await this.#handle.datasync();
    } catch (error) {
      throw failure(file, error as Error);
    } finally {
      await this[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }
}

/** A full disk may get room again; what else a file system says stays so. */
function failure(file: string, error: Error): SluiceError {
  const passing = 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT' || error.code === 'EMFILE');
  return new SluiceError(passing ? 'TARGET_UNAVAILABLE' : 'TARGET_REFUSED', `The file ${file} cannot be written: ${error.message}`, {
    cause: error,
  });
}

/** The sink `file`. */
export const fileSink: Plugin<FileSettings, FileSink> = { spec: fileSpec, create: config => new FileSink(config) };
