import type { LogRecord, StoredConnector, TargetState } from '../../contract/index.ts';
import type { CompactedView } from './compacted-topic.ts';
import { readConfigRecord, readStatusKey } from './connect-records.ts';

const textOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();

/** What the config topic says: connectors with their target states, and how many tasks Connect ran of each. */
export class ConfigView implements CompactedView {
  readonly #configs = new Map<string, Readonly<Record<string, string>>>();
  readonly #states = new Map<string, TargetState>();
  readonly #committedTasks = new Map<string, number>();
  readonly #fencedTasks = new Map<string, number>();

  apply({ key, value }: LogRecord): void {
    const change = key === null ? null : readConfigRecord(textOf(key), value);
    if (change === null) return;
    const { name } = change;
    if (change.kind === 'config') put(this.#configs, name, change.config);
    else if (change.kind === 'targetState') put(this.#states, name, change.state);
    else if (change.kind === 'tasks') this.#committedTasks.set(name, change.tasks);
    else this.#fencedTasks.set(name, change.tasks);
  }

  reset(): void {
    for (const map of [this.#configs, this.#states, this.#committedTasks, this.#fencedTasks]) map.clear();
  }

  connectors(): StoredConnector[] {
    return [...this.#configs]
      .map(([name, config]) => ({ name, config, targetState: this.#states.get(name) ?? 'STARTED' }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Task configs that Connect committed and would start as they are. */
  committedTasks(name: string): number {
    return this.#committedTasks.get(name) ?? 0;
  }

  /** The most tasks the connector may have had with producers of their own. */
  tasks(name: string): number {
    return Math.max(
      this.#committedTasks.get(name) ?? 0,
      this.#fencedTasks.get(name) ?? 0,
      Number(this.#configs.get(name)?.['tasks.max'] ?? 0) || 0,
    );
  }
}

/** What the status topic holds: whose states there are, and the topics each connector has written to. */
export class StatusView implements CompactedView {
  readonly #tasks = new Map<string, Set<number | null>>();
  readonly #topics = new Map<string, Set<string>>();

  apply({ key, value }: LogRecord): void {
    const subject = key === null ? null : readStatusKey(textOf(key));
    if (subject === null) return;
    const present = value !== null;
    if (subject.kind === 'topic') mark(this.#topics, subject.name, subject.topic, present);
    else mark(this.#tasks, subject.name, subject.kind === 'task' ? subject.task : null, present);
  }

  reset(): void {
    this.#tasks.clear();
    this.#topics.clear();
  }

  /** Tasks with a state; null is the connector itself. */
  states(name: string): readonly (number | null)[] {
    return [...(this.#tasks.get(name) ?? [])];
  }

  topics(name: string): readonly string[] {
    return [...(this.#topics.get(name) ?? [])].sort();
  }
}

function put<T>(map: Map<string, T>, name: string, value: T | null): void {
  if (value === null) map.delete(name);
  else map.set(name, value);
}

function mark<T>(map: Map<string, Set<T>>, name: string, member: T, present: boolean): void {
  const members = map.get(name) ?? new Set<T>();
  if (present) members.add(member);
  else members.delete(member);
  put(map, name, members.size > 0 ? members : null);
}
