/** A time zone's offsets from UTC, in seconds east of it. */
export type TimeZone = {
  /** At an instant, in milliseconds since 1970. */
  offsetAt(instantMs: number): number;
  /** At a local date and time, given as if it were UTC: in a gap or an overlap the offset before it (java.time's ZoneRules.getOffset). */
  offsetAtLocal(localMs: number): number;
};

const dayMs = 86_400_000;
/** Beyond it JavaScript knows no dates; zones have no rules of their own there either. */
const instantMsMax = 8.64e15;
/** Days whose offset is kept: the days that a table's rows are of are few. */
const daysKeptMax = 4_096;

function fixed(offset: number): TimeZone {
  return { offsetAt: () => offset, offsetAtLocal: () => offset };
}

/** `+08:00`, `-03:30`, `+01:02:03`. Throws an Error for more than 18 hours. */
function fixedOffset(text: string): number | null {
  const match = /^([+-])(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (!match) return null;
  const [hours, minutes, seconds] = [Number(match[2]), Number(match[3]), Number(match[4] ?? 0)];
  const total = hours * 3_600 + minutes * 60 + seconds;
  if (minutes > 59 || seconds > 59 || total > 18 * 3_600) throw new Error('an offset is at most 18:00');
  return match[1] === '-' ? -total : total;
}

/** A zone of the time zone database, through the runtime's own copy of it. */
class RuleZone implements TimeZone {
  readonly #format: Intl.DateTimeFormat;
  /** The offset of a day, or null for a day on which it changes. */
  readonly #days = new Map<number, number | null>();

  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  offsetAt(instantMs: number): number {
    const instant = Math.max(-instantMsMax + dayMs, Math.min(instantMsMax - dayMs, instantMs));
    const day = Math.floor(instant / dayMs);
    let offset = this.#days.get(day);
    if (offset === undefined) {
      const start = this.#compute(day * dayMs);
      offset = start === this.#compute((day + 1) * dayMs) ? start : null;
      if (this.#days.size >= daysKeptMax) this.#days.clear();
      this.#days.set(day, offset);
    }
    return offset ?? this.#compute(instant);
  }

  offsetAtLocal(localMs: number): number {
    const before = this.offsetAt(localMs - dayMs);
    if (this.offsetAt(localMs - before * 1_000) === before) return before;
    const after = this.offsetAt(localMs + dayMs);
    return this.offsetAt(localMs - after * 1_000) === after ? after : before;
  }

  #compute(instantMs: number): number {
    const seconds = Math.floor(instantMs / 1_000);
    const parts = new Map(this.#format.formatToParts(seconds * 1_000).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
    const year = parts.get('era')?.startsWith('B') ? 1 - part('year') : part('year');
    const local = new Date(0);
    local.setUTCFullYear(year, part('month') - 1, part('day'));
    local.setUTCHours(part('hour'), part('minute'), part('second'));
    return local.getTime() / 1_000 - seconds;
  }
}

/** A zone by its name in the time zone database (`America/Los_Angeles`) or its offset (`+08:00`). Throws an Error for any other text. */
export function timeZone(text: string): TimeZone {
  const offset = fixedOffset(text);
  if (offset !== null) return fixed(offset);
  // The runtime would take offsets of other forms too.
  if (!/^[A-Za-z]/.test(text)) throw new Error('Use a time zone (America/Los_Angeles) or an offset (+08:00).');
  try {
    return new RuleZone(text);
  } catch {
    throw new Error('Use a time zone (America/Los_Angeles) or an offset (+08:00).');
  }
}
