import { type JsonObject, type JsonValue, nearest } from '../../../contract/index.ts';
import type { Faults, Place } from './place.ts';

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `; did you mean 'x'?`, or the names there are. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  if (near !== null) return `; did you mean '${near}'?`;
  return known.length === 0 ? '.' : `; there are ${known.join(', ')}.`;
}

/** The fields of a map, each read once and by name; the rest are faults. A fault is told where it is found, and something usable answered. */
export class Fields {
  readonly place: Place;
  readonly #value: JsonObject;
  readonly #faults: Faults;

  private constructor(value: JsonObject, place: Place, faults: Faults) {
    this.#value = value;
    this.place = place;
    this.#faults = faults;
  }

  /** null: it is no map. `what` begins the sentence: `a step`. */
  static of(value: JsonValue | undefined, place: Place, what: string, known: readonly string[], faults: Faults): Fields | null {
    if (!isObject(value)) {
      faults.add(place, `${what} is a map of ${known.join(', ')}.`);
      return null;
    }
    for (const name of Object.keys(value))
      if (!known.includes(name)) faults.add([...place, name], `${what} has no '${name}'${suggestion(name, known)}`);
    return new Fields(value, place, faults);
  }

  at(name: string): Place {
    return [...this.place, name];
  }

  get(name: string): JsonValue | undefined {
    return Object.hasOwn(this.#value, name) ? this.#value[name] : undefined;
  }

  fault(name: string | null, message: string): void {
    this.#faults.add(name === null ? this.place : this.at(name), message);
  }

  /** A text that meets a pattern. Left out: the default, or a fault where there is none. */
  text(name: string, { pattern, is, missing, or }: { pattern: RegExp; is: string; missing: string; or?: string | undefined }): string {
    const value = this.get(name);
    if (value === undefined || value === null) {
      if (or === undefined) this.fault(null, missing);
      return or ?? '';
    }
    if (typeof value !== 'string' || !pattern.test(value)) {
      this.fault(name, `${is}.`);
      return '';
    }
    return value;
  }

  /** Milliseconds, of a number or of a text such as `5s`. Left out: the default. */
  durationMs(name: string, or: number, least: number): number {
    const value = this.get(name);
    if (value === undefined || value === null) return or;
    const found = durationMsOf(value);
    if (found !== null && found >= least && found <= durationMsMax) return found;
    this.fault(name, `a time is written 200ms, 5s, 2m, 1h or 1d (at least ${least} ms, at most 365d).`);
    return or;
  }

  number(name: string, or: number, { least, most, whole }: { least: number; most: number; whole: boolean }): number {
    const value = this.get(name);
    if (value === undefined || value === null) return or;
    if (typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
    this.fault(name, `it is ${whole ? 'a whole number' : 'a number'} from ${least} to ${most}.`);
    return or;
  }
}

/** The longest time that is waited for anything. */
const durationMsMax = 365 * 86_400_000;
const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function durationMsOf(value: JsonValue): number | null {
  if (typeof value === 'number') return Number.isInteger(value) ? value : null;
  const parts = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value) : null;
  return parts === null ? null : Math.round(Number(parts[1]) * unitMs[parts[2] as keyof typeof unitMs]);
}
