import type { ExpectedVersion } from '../../../src/services/event-store/event-store.ts';

type ModelEvent = { readonly id: string; readonly label: string; readonly version: number };
type Outcome = 'STREAM_DELETED' | 'STREAM_CONFLICT' | { readonly version: number; readonly repeated: boolean };

/** One stream as it should be, without any store: events that are not erased, in a list. */
export class ModelStream {
  events: ModelEvent[] = [];
  version = 0;
  deletedVersion = 0;
  closed = false;
  eventsMax: number | null = null;

  get exists(): boolean {
    return !this.closed && this.version > this.deletedVersion;
  }

  /** What reading brings. */
  get visible(): readonly ModelEvent[] {
    return this.exists ? this.events.filter(({ version }) => version > this.deletedVersion) : [];
  }

  append(given: readonly { readonly id: string; readonly label: string }[], expected: ExpectedVersion): Outcome {
    if (this.closed) return 'STREAM_DELETED';
    const stored = this.events.filter(event => given.some(({ id }) => id === event.id));
    const rest = given.filter(({ id }) => stored.every(event => event.id !== id));
    if (rest.length === 0) return { version: stored.at(-1)!.version, repeated: true };
    if (!this.#fits(expected)) return 'STREAM_CONFLICT';
    for (const { id, label } of rest) this.#add(id, label);
    if (this.eventsMax !== null) this.#keepFrom(this.version - this.eventsMax + 1);
    return { version: this.version, repeated: false };
  }

  delete(mode: 'soft' | 'hard'): 'STREAM_DELETED' | null {
    if (this.closed) return mode === 'soft' ? 'STREAM_DELETED' : null;
    if (this.version === 0 || (mode === 'soft' && !this.exists)) return null;
    this.#add('', `deleted ${mode}`);
    this.deletedVersion = this.version;
    if (mode === 'hard') {
      this.closed = true;
      this.#keepFrom(this.version);
    }
    return null;
  }

  retain(eventsMax: number | null): 'STREAM_DELETED' | null {
    if (this.closed) return 'STREAM_DELETED';
    this.eventsMax = eventsMax;
    return null;
  }

  #fits(expected: ExpectedVersion): boolean {
    if (expected === 'any') return true;
    if (expected === 'none') return !this.exists;
    return expected === 'exists' ? this.exists : expected === BigInt(this.version);
  }

  #add(id: string, label: string): void {
    this.version++;
    this.events.push({ id, label, version: this.version });
  }

  #keepFrom(version: number): void {
    this.events = this.events.filter(event => event.version >= version);
  }
}
