/** A map of bounded size: what was not asked for longest goes first. */
export class LeastRecentlyUsed<Key, Kept> {
  readonly #sizeMax: number;
  readonly #entries = new Map<Key, Kept>();

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get(key: Key): Kept | undefined {
    const kept = this.#entries.get(key);
    if (kept === undefined) return undefined;
    // Maps keep the order of insertion: moved to the end, it is the youngest.
    this.#entries.delete(key);
    this.#entries.set(key, kept);
    return kept;
  }

  set(key: Key, kept: Kept): void {
    this.#entries.delete(key);
    this.#entries.set(key, kept);
    if (this.#entries.size <= this.#sizeMax) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  get size(): number {
    return this.#entries.size;
  }
}
