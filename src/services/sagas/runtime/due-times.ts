type Due = { readonly atMs: number; readonly id: string };

/**
 * When which instance has something to do by itself: a binary heap. An instance whose time changes is entered again, and what is no longer so
 * is found out when its time comes; so there are as many entries as times were set and have not come yet.
 */
export class DueTimes {
  readonly #heap: Due[] = [];

  /** null where nothing is due ever. */
  get nextAtMs(): number | null {
    return this.#heap[0]?.atMs ?? null;
  }

  get size(): number {
    return this.#heap.length;
  }

  add(id: string, atMs: number): void {
    const heap = this.#heap;
    let at = heap.length;
    const due = { atMs, id };
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.atMs <= atMs) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = due;
  }

  /** Takes the next one out that is due at a time; null where none is. */
  take(nowMs: number): string | null {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.atMs > nowMs) return null;
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    return first.id;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  /** Puts an entry into the empty place at the top, and down to where it belongs. */
  #sink(due: Due): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.atMs < heap[child]!.atMs) child++;
      if (heap[child]!.atMs >= due.atMs) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = due;
  }
}
