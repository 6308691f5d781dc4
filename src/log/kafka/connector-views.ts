import type { LogRecord, StoredConnector, StoredState, StoredStates, TargetState } from '../../contract/index.ts';
import type { CompactedView } from './compacted-topic.ts';
import { readConfigRecord, readStatus, readStatusKey } from './connect-records.ts';

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

/** What the status topic holds: the states there are and who told them, and the topics each connector has written to. */
export class StatusView implements CompactedView {
  /** By connector, then by task; null is the connector itself. */
  readonly #states = new Map<string, Map<number | null, StoredState | null>>();
  readonly #topics = new Map<string, Set<string>>();

  apply({ key, value }: LogRecord): void {
    const subject = key === null ? null : readStatusKey(textOf(key));
    if (subject === null) return;
    const { name } = subject;
    if (subject.kind === 'topic') {
      mark(this.#topics, name, subject.topic, value !== null);
      return;
    }
    const states = this.#states.get(name) ?? new Map<number | null, StoredState | null>();
    const task = subject.kind === 'task' ? subject.task : null;
    if (value === null) states.delete(task);
    else states.set(task, readStatus(value));
    put(this.#states, name, states.size > 0 ? states : null);
  }

  reset(): void {
    this.#states.clear();
    this.#topics.clear();
  }

  /** Tasks with a state; null is the connector itself. */
  subjects(name: string): readonly (number | null)[] {
    return [...(this.#states.get(name)?.keys() ?? [])];
  }

  /** A connector's or task's state; null where there is none, or none that can be read. */
  state(name: string, task: number | null): StoredState | null {
    return this.#states.get(name)?.get(task) ?? null;
  }

  all(): ReadonlyMap<string, StoredStates> {
    return new Map(
      [...this.#states].map(([name, states]) => {
        const tasks = [...states].flatMap(([task, state]): [number, StoredState][] =>
          task === null || state === null ? [] : [[task, state]],
        );
        return [name, { connector: states.get(null) ?? null, tasks: new Map(tasks.sort(([a], [b]) => a - b)) }];
      }),
    );
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
