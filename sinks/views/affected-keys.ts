import type { ViewDefinition } from './definition.ts';

/** A key of a view: texts in Postgres, values as SQLite has them. */
export type KeyParts<Part> = readonly Part[];

/** The keys of each view that a batch has changed rows of, each once. */
export class AffectedKeys<Part extends string | number | bigint | Uint8Array = string> {
  readonly #keys = new Map<ViewDefinition, Map<string, KeyParts<Part>>>();

  /** A key with a column that is null is none. */
  add(view: ViewDefinition, key: readonly (Part | null)[]): void {
    if (key.some(part => part === null)) return;
    let keys = this.#keys.get(view);
    if (keys === undefined) {
      keys = new Map();
      this.#keys.set(view, keys);
    }
    keys.set(key.length === 1 ? nameOf(key[0]) : JSON.stringify(key.map(nameOf)), key as KeyParts<Part>);
  }

  of(view: ViewDefinition): readonly KeyParts<Part>[] {
    return [...(this.#keys.get(view)?.values() ?? [])];
  }
}

function nameOf(part: string | number | bigint | Uint8Array | null | undefined): string {
  if (typeof part === 'string') return part;
  return part instanceof Uint8Array ? `x${Buffer.from(part).toString('hex')}` : `n${String(part)}`;
}
