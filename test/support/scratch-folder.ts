import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of one's own that disappears when it is disposed, or with this process. */
export class ScratchFolder implements Disposable {
  static readonly #open = new Set<ScratchFolder>();
  static {
    process.on('exit', () => {
      for (const folder of ScratchFolder.#open) {
        try {
          folder[Symbol.dispose]();
        } catch {
          // A server that is just being killed still writes there; what watches over it deletes the rest.
        }
      }
    });
  }
  readonly path: string;

  /** `name` makes it recognisable: `sluice-<name>-AbC123`. Other users may enter it, since some servers refuse to run as root. */
  constructor(name: string) {
    this.path = mkdtempSync(join(tmpdir(), `sluice-${name}-`));
    chmodSync(this.path, 0o755);
    ScratchFolder.#open.add(this);
  }

  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  [Symbol.dispose](): void {
    ScratchFolder.#open.delete(this);
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}
