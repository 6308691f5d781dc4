import type { LogRecord } from '../../../contract/index.ts';
import { nextDueAtMs } from '../machine.ts';
import type { PinnedDefinition, SagaInstance, SagaState } from '../saga.ts';
import { DueTimes } from './due-times.ts';
import { definitionPrefix } from './saga-unit.ts';

/** Of an instance that has ended: what a list shows, and where it is found whole. */
export type EndedInstance = {
  readonly id: string;
  readonly state: SagaState;
  readonly version: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly definitionHash: string;
  /** In the log it lies at this offset of the instances' topic, or behind it; in a database it is found by its id. */
  readonly floor: bigint;
};

/** Instances that ended lately and are held whole: late replies are for them. More than all units under way can hold. */
const recentMax = 5_000;

/**
 * All instances of one saga as its store has them: those that go on whole, those that ended by what a list shows. It is ahead of the store by
 * what is being appended; where an append fails, all of it is thrown away and read again.
 */
export class SagaInstances {
  readonly #active = new Map<string, SagaInstance>();
  /** In the order in which they ended. */
  readonly #ended = new Map<string, EndedInstance>();
  readonly #recent = new Map<string, SagaInstance>();
  readonly #definitions = new Map<string, PinnedDefinition>();
  /** Instances of each definition. */
  readonly #users = new Map<string, number>();
  readonly due = new DueTimes();
  /** What is put from now on lies at this offset or behind it. */
  floor = 0n;

  get active(): ReadonlyMap<string, SagaInstance> {
    return this.#active;
  }

  get ended(): ReadonlyMap<string, EndedInstance> {
    return this.#ended;
  }

  get definitions(): ReadonlyMap<string, PinnedDefinition> {
    return this.#definitions;
  }

  /** Whole, as far as it is in memory. */
  get(id: string): SagaInstance | null {
    return this.#active.get(id) ?? this.#recent.get(id) ?? null;
  }

  has(id: string): boolean {
    return this.#active.has(id) || this.#ended.has(id);
  }

  /** Whether an instance must be read from its store first. */
  isAway(id: string): boolean {
    return this.#ended.has(id) && !this.#recent.has(id);
  }

  /** Reads one record of the instances' topic. */
  apply({ key, value, offset }: LogRecord): void {
    if (key === null) return;
    const name = Buffer.from(key).toString('utf8');
    const isDefinition = name.startsWith(definitionPrefix);
    if (value === null) {
      if (isDefinition) this.#definitions.delete(name.slice(definitionPrefix.length));
      else this.forget(name);
      return;
    }
    const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');
    if (isDefinition) {
      const pinned = JSON.parse(text) as PinnedDefinition;
      this.#definitions.set(pinned.hash, pinned);
      return;
    }
    this.floor = offset;
    this.put(JSON.parse(text) as SagaInstance);
  }

  define(pinned: PinnedDefinition): void {
    this.#definitions.set(pinned.hash, pinned);
  }

  /** Definitions that no instance is on any more, but for one. */
  unusedDefinitions(current: string): readonly string[] {
    return [...this.#definitions.keys()].filter(hash => hash !== current && !this.#users.has(hash));
  }

  undefine(hash: string): void {
    this.#definitions.delete(hash);
  }

  /** What an instance has become. */
  put(instance: SagaInstance): void {
    const { id, state, version, startedAtMs, endedAtMs, definitionHash } = instance;
    const before = this.#active.get(id) ?? null;
    if (before === null && !this.#ended.has(id)) this.#use(definitionHash);
    if (endedAtMs === null) {
      // A person may have taken an ended one up again.
      this.#ended.delete(id);
      this.#recent.delete(id);
      this.#active.set(id, instance);
      const atMs = nextDueAtMs(instance);
      if (atMs !== null && (before === null || nextDueAtMs(before) !== atMs)) this.due.add(id, atMs);
      return;
    }
    this.#active.delete(id);
    this.#ended.set(id, { id, state, version, startedAtMs, endedAtMs, definitionHash, floor: this.floor });
    this.hold(instance);
  }

  /** One that had ended before, by what is kept of it. In the order in which they ended. */
  putEnded(ended: EndedInstance): void {
    this.#use(ended.definitionHash);
    this.#ended.set(ended.id, ended);
  }

  #use(definitionHash: string): void {
    this.#users.set(definitionHash, (this.#users.get(definitionHash) ?? 0) + 1);
  }

  /** Keeps an ended instance whole for a while. */
  hold(instance: SagaInstance): void {
    this.#recent.delete(instance.id);
    this.#recent.set(instance.id, instance);
    if (this.#recent.size > recentMax) this.#recent.delete(this.#recent.keys().next().value!);
  }

  forget(id: string): void {
    const known = this.#active.get(id) ?? this.#ended.get(id);
    if (known === undefined) return;
    this.#active.delete(id);
    this.#ended.delete(id);
    this.#recent.delete(id);
    const users = this.#users.get(known.definitionHash)! - 1;
    if (users > 0) this.#users.set(known.definitionHash, users);
    else this.#users.delete(known.definitionHash);
  }

  /** The next instance whose time has come; null where none has. */
  takeDue(nowMs: number): SagaInstance | null {
    for (;;) {
      const id = this.due.take(nowMs);
      if (id === null) return null;
      const instance = this.#active.get(id);
      const atMs = instance === undefined ? null : nextDueAtMs(instance);
      if (instance !== undefined && atMs !== null && atMs <= nowMs) return instance;
    }
  }

  /** How many there are in each state. */
  counts(): Readonly<Record<SagaState, number>> {
    const counts: Record<SagaState, number> = { running: 0, compensating: 0, completed: 0, compensated: 0, stuck: 0 };
    for (const { state } of this.#active.values()) counts[state]++;
    for (const { state } of this.#ended.values()) counts[state]++;
    return counts;
  }
}
