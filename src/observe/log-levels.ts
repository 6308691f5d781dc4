/** log4j's levels, as GET /admin/loggers knows them, with pino's numbers. */
const levelNumbers: ReadonlyMap<string, number> = new Map([
  ['ALL', 0],
  ['TRACE', 10],
  ['DEBUG', 20],
  ['INFO', 30],
  ['WARN', 40],
  ['ERROR', 50],
  ['FATAL', 60],
  ['OFF', 100],
]);

/** A logger's level as REST answers it. */
export type LoggerLevel = { readonly level: string; readonly last_modified: number | null };

/** The name under which the level of all loggers is had, as in Connect. */
export const rootLogger = 'root';

/**
 * Levels by logger name. Names form a tree by their dots: a level holds for the logger named and all below it, until one below
 * is set. Setting a level sets the ones below it too, as Connect does.
 */
export class LogLevels {
  readonly #explicit = new Map<string, { level: string; lastModified: number | null }>();
  readonly #known = new Set<string>([rootLogger]);
  readonly #fixed = new Map<string, string>();
  readonly #nowMs: () => number;
  /** Rises with every change, so that loggers know when to look again. */
  generation = 0;

  constructor(rootLevel: string, nowMs: () => number) {
    if (!LogLevels.isLevel(rootLevel)) throw new Error(`There is no log level '${rootLevel}'`);
    this.#explicit.set(rootLogger, { level: rootLevel.toUpperCase(), lastModified: null });
    this.#nowMs = nowMs;
  }

  static isLevel(level: string): boolean {
    return levelNumbers.has(level.toUpperCase());
  }

  /** A logger of this name exists from now on. */
  register(name: string): void {
    this.#known.add(name);
  }

  /** A logger whose level stays as it is, whatever is set for it or above it. */
  fix(name: string, level: string): void {
    this.register(name);
    this.#fixed.set(name, level.toUpperCase());
    this.generation++;
  }

  isFixed(name: string): boolean {
    return this.#fixed.has(name);
  }

  /** The least number of pino's that a logger of this name writes. */
  threshold(name: string): number {
    return levelNumbers.get(this.#effective(name))!;
  }

  level(name: string): LoggerLevel | null {
    const normalized = name.toLowerCase() === rootLogger || name === '' ? rootLogger : name;
    if (!this.#known.has(normalized) && !this.#explicit.has(normalized)) return null;
    return { level: this.#effective(normalized), last_modified: this.#explicit.get(normalized)?.lastModified ?? null };
  }

  all(): Record<string, LoggerLevel> {
    const names = [...new Set([...this.#known, ...this.#explicit.keys()])].sort();
    return Object.fromEntries(names.map(name => [name, this.level(name)!]));
  }

  /** Sets a level for a logger and all below it; answers the names of those whose level changed, sorted. */
  set(namespace: string, level: string): readonly string[] {
    const name = namespace.toLowerCase() === rootLogger || namespace === '' ? rootLogger : namespace;
    const before = this.all();
    const below = (other: string) => name === rootLogger || other === name || other.startsWith(`${name}.`);
    const lastModified = this.#nowMs();
    for (const other of [...this.#explicit.keys()]) if (other !== rootLogger && below(other)) this.#explicit.delete(other);
    this.#explicit.set(name, { level: level.toUpperCase(), lastModified });
    const changed: string[] = [];
    for (const [other, { level: now }] of Object.entries(this.all())) {
      if (!below(other) || before[other]?.level === now) continue;
      changed.push(other);
      this.#explicit.set(other, { level: now, lastModified });
    }
    this.generation++;
    return changed.sort();
  }

  #effective(name: string): string {
    const fixed = this.#fixed.get(name);
    if (fixed !== undefined) return fixed;
    for (let at = name; ; at = at.slice(0, at.lastIndexOf('.'))) {
      const set = this.#explicit.get(at);
      if (set) return set.level;
      if (!at.includes('.')) return this.#explicit.get(rootLogger)!.level;
    }
  }
}
