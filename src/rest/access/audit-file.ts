import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { SluiceError } from '../../contract/index.ts';

/**
 * A file that lines are added to. One that would grow past its bound is moved to FILE.1, that one to FILE.2 and so on; the oldest is
 * overwritten. Written in place, not by and by: a line is there when the call it tells of is answered, and such calls are rare.
 */
export class AuditFile {
  readonly #path: string;
  readonly #bytesMax: number;
  readonly #filesMax: number;
  #bytes: number;

  /** Makes the folder. Throws CONFIG_INVALID where the file cannot be written. */
  constructor(path: string, bytesMax: number, filesMax: number) {
    this.#path = path;
    this.#bytesMax = bytesMax;
    this.#filesMax = filesMax;
    try {
      mkdirSync(dirname(path), { recursive: true });
      appendFileSync(path, '', { mode: 0o640 });
      this.#bytes = statSync(path).size;
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new SluiceError('CONFIG_INVALID', `rest.audit.file: ${path} cannot be written (${why}).`, { cause: error });
    }
  }

  /** Adds a line. Throws the file system's error. */
  write(line: string): void {
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#bytes > 0 && this.#bytes + bytes > this.#bytesMax) this.#rotate();
    appendFileSync(this.#path, `${line}\n`, { mode: 0o640 });
    this.#bytes += bytes;
  }

  #rotate(): void {
    const place = (index: number) => (index === 0 ? this.#path : `${this.#path}.${index}`);
    for (let index = this.#filesMax - 1; index > 0; index--) if (existsSync(place(index - 1))) renameSync(place(index - 1), place(index));
    // With a single file there is nowhere to move it to.
    if (this.#filesMax === 1) appendFileSync(this.#path, '', { flag: 'w' });
    this.#bytes = 0;
  }
}
