import { stat } from 'node:fs/promises';

/** How often files are looked at, in milliseconds. */
export const fileWatchEveryMs = 2_000;

/** What of a file changes when its content does, also where a link to it is turned; null where it is not there. */
async function identity(path: string): Promise<string | null> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return null;
  }
}

/**
 * Tells when one of some files has changed. It looks again and again: what Kubernetes mounts and what tools write anew are links and renames, of
 * which a watch of the file system hears nothing.
 */
export class FileWatch implements Disposable {
  readonly #paths: readonly string[];
  readonly #everyMs: number;
  readonly #changed: () => Promise<void>;
  #seen: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  private constructor(paths: readonly string[], everyMs: number, changed: () => Promise<void>) {
    this.#paths = paths;
    this.#everyMs = everyMs;
    this.#changed = changed;
  }

  /**
   * Watches from now on: read the files after this, and no change is missed. `changed` is awaited before the next look; it sees to its own
   * errors, and is called again when the file changes again.
   */
  static async start(paths: readonly string[], everyMs: number, changed: () => Promise<void>): Promise<FileWatch> {
    const watch = new FileWatch(paths, everyMs, changed);
    watch.#seen = await watch.#look();
    if (paths.length > 0) watch.#plan();
    return watch;
  }

  async #look(): Promise<string> {
    return JSON.stringify(await Promise.all(this.#paths.map(identity)));
  }

  #plan(): void {
    if (this.#ended) return;
    this.#timer = setTimeout(() => void this.#compare(), this.#everyMs);
    this.#timer.unref();
  }

  async #compare(): Promise<void> {
    const now = await this.#look();
    if (now !== this.#seen && !this.#ended) {
      this.#seen = now;
      await this.#changed();
    }
    this.#plan();
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
