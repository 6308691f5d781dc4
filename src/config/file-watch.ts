import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';

/** What is waited for after a change, since an editor or a deployment makes several at once; and the longest wait while they go on. */
export const quietMs = 300;
export const waitMsMax = 3_000;
/** A folder that cannot be watched (it is not there, or was put in another's place) is tried again this often. */
const retryMs = 5_000;

export type FileWatchSettings = {
  /** Absolute paths or patterns. */
  readonly patterns: readonly string[];
  /** Files may have changed. Calls do not overlap with a wait of ours, but may with what an earlier call began. */
  onChange(): void;
  /** A folder cannot be watched, and why. Told once for each time it becomes so. */
  onFault(folder: string, message: string): void;
};

/** Watches the folders that connector files lie in. Its owner disposes of it. */
export class FileWatch implements Disposable {
  readonly #settings: FileWatchSettings;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #retries = new Map<string, NodeJS.Timeout>();
  readonly #faulty = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #firstAtMs: number | null = null;
  #ended = false;

  constructor(settings: FileWatchSettings) {
    this.#settings = settings;
    for (const [folder, recursive] of watchedFolders(settings.patterns)) this.#open(folder, recursive);
  }

  #open(folder: string, recursive: boolean): void {
    if (this.#ended) return;
    try {
      const watcher = watch(folder, { recursive, persistent: false }, () => this.#changed());
      watcher.on('error', error => this.#lost(folder, recursive, error));
      this.#watchers.set(folder, watcher);
      // What changed while it could not be watched is to be seen too.
      if (this.#faulty.delete(folder)) this.#changed();
    } catch (error) {
      this.#lost(folder, recursive, error as Error);
    }
  }

  #lost(folder: string, recursive: boolean, { message }: Error): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
    if (!this.#faulty.has(folder)) this.#settings.onFault(folder, message);
    this.#faulty.add(folder);
    const retry = setTimeout(() => {
      this.#retries.delete(folder);
      this.#open(folder, recursive);
    }, retryMs);
    this.#retries.set(folder, retry.unref());
  }

  #changed(): void {
    if (this.#ended) return;
    const nowMs = performance.now();
    this.#firstAtMs ??= nowMs;
    clearTimeout(this.#timer);
    const waitMs = Math.max(0, Math.min(quietMs, this.#firstAtMs + waitMsMax - nowMs));
    this.#timer = setTimeout(() => {
      this.#firstAtMs = null;
      this.#settings.onChange();
    }, waitMs).unref();
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    for (const retry of this.#retries.values()) clearTimeout(retry);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }
}

/** The folders that files of these paths and patterns may be in, and whether those below count too. */
export function watchedFolders(patterns: readonly string[]): ReadonlyMap<string, boolean> {
  const folders = new Map<string, boolean>();
  for (const pattern of patterns) {
    const special = pattern.search(/[*?[{]/);
    // The folder before the first part that is a pattern.
    const folder = special < 0 ? dirname(pattern) : dirname(`${pattern.slice(0, special)}x`);
    const recursive = special >= 0 && pattern.slice(special).includes('/');
    folders.set(folder, recursive || (folders.get(folder) ?? false));
  }
  return folders;
}
