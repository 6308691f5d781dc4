import { dayMs, daysOf, fieldsOf } from './calendar.ts';
import { monthNames, type PatternPart, shortName, weekdayNames } from './pattern.ts';

/** What the parts of a text said; hours, days and the rest may overflow, as Java's calendars are lenient by default. */
type Parsed = {
  era: 'BC' | 'AD';
  year: number;
  /** Two digits that name the first year of the hundred: which end is meant depends on the rest of the date. */
  isBoundaryYear: boolean;
  month: number;
  day: number;
  /** Takes the place of month and day where it came after the day. */
  dayOfYear: number | null;
  hourOfDay: number | null;
  /** Takes the place of the hour of the day where it came after that, with AM or PM. */
  hourOfHalf: number | null;
  isAfternoon: boolean | null;
  minute: number;
  second: number;
  millisecond: number;
  offsetMinutes: number;
};

const numericLetters = 'yYdkHmsSDFwWhKu';

function isNumeric(part: PatternPart | undefined): boolean {
  if (part === undefined || 'literal' in part) return false;
  return numericLetters.includes(part.letter) || ('ML'.includes(part.letter) && part.count <= 2);
}

/** The place of the longest name that stands at `at`, in any case; null where none does. */
function matchName(text: string, at: number, names: readonly string[]): { index: number; end: number } | null {
  let best: { index: number; end: number } | null = null;
  for (const [index, name] of names.entries())
    for (const form of [name, shortName(name)]) {
      const end = at + form.length;
      if (text.slice(at, end).toLowerCase() === form.toLowerCase() && end > (best?.end ?? at)) best = { index, end };
    }
  return best;
}

const zoneNames: Readonly<Record<string, number>> = {
  GMT: 0,
  UTC: 0,
  UT: 0,
  'Coordinated Universal Time': 0,
  'Greenwich Mean Time': 0,
  EST: -300,
  EDT: -240,
  CST: -360,
  CDT: -300,
  MST: -420,
  MDT: -360,
  PST: -480,
  PDT: -420,
};

/** The zone at `at`: `z` and `Z` take names and `+hhmm`, `X` takes Z and `+hh[mm]` or `+hh:mm` by its count. */
function matchZone(text: string, at: number, letter: string, count: number): { minutes: number; end: number } | null {
  const rest = text.slice(at);
  const forms = { 1: /^([+-])(\d\d)()/, 2: /^([+-])(\d\d)(\d\d)/, 3: /^([+-])(\d\d):(\d\d)/ } as const;
  if (letter === 'X' && rest.startsWith('Z')) return { minutes: 0, end: at + 1 };
  const match = letter === 'X' ? forms[count as 1 | 2 | 3].exec(rest) : (/^GMT([+-])(\d\d?):(\d\d)/i.exec(rest) ?? forms[2].exec(rest));
  if (match) {
    const [hours, minutes] = [Number(match[2]), Number(match[3])];
    if (hours > 23 || minutes > 59) return null;
    return { minutes: (hours * 60 + minutes) * (match[1] === '-' ? -1 : 1), end: at + match[0].length };
  }
  if (letter === 'X' || /^GMT[+-]/i.test(rest)) return null;
  const name = Object.keys(zoneNames)
    .sort((a, b) => b.length - a.length)
    .find(candidate => rest.slice(0, candidate.length).toLowerCase() === candidate.toLowerCase());
  return name === undefined ? null : { minutes: zoneNames[name] ?? 0, end: at + name.length };
}

/** The hour of the half day wins over an earlier hour of the day once AM or PM is known too. */
function preferHalf(parsed: Parsed): void {
  if (parsed.hourOfHalf !== null && parsed.isAfternoon !== null) parsed.hourOfDay = null;
}

function setNumber(parsed: Parsed, letter: string, value: number): void {
  if (letter === 'M' || letter === 'L') parsed.month = value - 1;
  else if (letter === 'd') {
    parsed.day = value;
    parsed.dayOfYear = null;
  } else if (letter === 'D') parsed.dayOfYear = value;
  else if (letter === 'H') parsed.hourOfDay = value;
  else if (letter === 'k') parsed.hourOfDay = value === 24 ? 0 : value;
  else if (letter === 'K' || letter === 'h') {
    parsed.hourOfHalf = letter === 'h' && value === 12 ? 0 : value;
    preferHalf(parsed);
  } else if (letter === 'm') parsed.minute = value;
  else if (letter === 's') parsed.second = value;
  else if (letter === 'S') parsed.millisecond = value;
}

/** Reads one named part; answers where it ends, -1 where the text has no such name. */
function readName(parsed: Parsed, text: string, at: number, letter: string, count: number): number {
  if ('zZX'.includes(letter)) {
    const zone = matchZone(text, at, letter, count);
    parsed.offsetMinutes = zone?.minutes ?? 0;
    return zone?.end ?? -1;
  }
  const match = /^(?:AM|PM)/i.exec(text.slice(at, at + 2));
  if (letter === 'a') {
    if (!match) return -1;
    parsed.isAfternoon = match[0].toUpperCase() === 'PM';
    preferHalf(parsed);
    return at + 2;
  }
  if (letter === 'G') {
    const era = /^(?:(AD)|BC)/i.exec(text.slice(at));
    if (era) parsed.era = era[1] === undefined ? 'BC' : 'AD';
    return era ? at + era[0].length : -1;
  }
  const name = matchName(text, at, letter === 'E' ? weekdayNames : monthNames);
  if (name && letter !== 'E') parsed.month = name.index;
  return name?.end ?? -1;
}

function millisecondsOf(parsed: Parsed): bigint {
  const year = parsed.era === 'BC' ? 1 - parsed.year : parsed.year;
  const hour = parsed.hourOfDay ?? (parsed.hourOfHalf ?? 0) + (parsed.isAfternoon ? 12 : 0);
  const time = ((hour * 60 + parsed.minute) * 60 + parsed.second) * 1000 + parsed.millisecond;
  const overflow = Math.floor(time / dayMs);
  const days = parsed.dayOfYear === null ? daysOf(year, parsed.month, parsed.day + overflow) : daysOf(year, 0, parsed.dayOfYear + overflow);
  return BigInt(days) * BigInt(dayMs) + BigInt(time - overflow * dayMs - parsed.offsetMinutes * 60_000);
}

/** `yy` means a year from 80 years ago to 20 years on: the earliest such moment. */
function centuryStart(nowMs: number): { milliseconds: bigint; year: number } {
  const now = fieldsOf(BigInt(Math.floor(nowMs)));
  const milliseconds = BigInt(daysOf(now.year - 80, now.month, now.day)) * BigInt(dayMs) + BigInt(now.millisecondOfDay);
  return { milliseconds, year: now.year - 80 };
}

/** Why texts of this pattern cannot be read; null where they can. Week dates are written but not read. */
export function unreadable(parts: readonly PatternPart[]): string | null {
  const letters = parts.map(part => ('letter' in part ? part.letter : ''));
  const week = letters.find(letter => letter !== '' && 'YwWF'.includes(letter));
  if (week !== undefined) return `timestamps cannot be parsed by '${week}'`;
  const weekday = letters.find(letter => letter === 'E' || letter === 'u');
  const hasDay = letters.includes('d') || letters.includes('D');
  return weekday !== undefined && !hasDay ? `timestamps cannot be parsed by '${weekday}' without a day ('d' or 'D')` : null;
}

/**
 * A function that reads texts as SimpleDateFormat.parse does, in UTC unless the text names a zone: milliseconds since 1970, null where the
 * text does not begin as the pattern says. What follows in the text is ignored, numbers may overflow (`2024-13-01` is January 2025).
 */
export function dateReader(parts: readonly PatternPart[], nowMs: number): (text: string) => bigint | null {
  const century = centuryStart(nowMs);

  function readNumber(parsed: Parsed, text: string, start: number, part: { letter: string; count: number }, isAbutting: boolean): number {
    if (isAbutting && start + part.count > text.length) return -1;
    const digits = /^[ \t]*(-?\d+)/.exec(isAbutting ? text.slice(start, start + part.count) : text.slice(start));
    if (!digits?.[1]) return -1;
    const value = Number(BigInt.asIntN(32, BigInt(digits[1])));
    if (part.letter === 'y') {
      const isShort = part.count <= 2 && /^\d\d$/.test(digits[1]);
      const boundary = century.year % 100;
      parsed.year = isShort ? value + century.year - boundary + (value < boundary ? 100 : 0) : value;
      parsed.isBoundaryYear = isShort && value === boundary;
    } else setNumber(parsed, part.letter, value);
    return start + digits[0].length;
  }

  return text => {
    const parsed: Parsed = {
      era: 'AD',
      year: 1970,
      isBoundaryYear: false,
      month: 0,
      day: 1,
      dayOfYear: null,
      hourOfDay: null,
      hourOfHalf: null,
      isAfternoon: null,
      minute: 0,
      second: 0,
      millisecond: 0,
      offsetMinutes: 0,
    };
    let at = 0;
    for (const [index, part] of parts.entries()) {
      if ('literal' in part) {
        if (!text.startsWith(part.literal, at)) return null;
        at += part.literal.length;
        continue;
      }
      // A number runs up to the next digit field only where that stands right behind it.
      if (isNumeric(part)) at = readNumber(parsed, text, at, part, isNumeric(parts[index + 1]));
      else at = readName(parsed, text, at, part.letter, part.count);
      if (at < 0) return null;
    }
    const milliseconds = millisecondsOf(parsed);
    // The boundary year belongs to either end of the hundred years.
    if (!parsed.isBoundaryYear || milliseconds >= century.milliseconds) return milliseconds;
    return millisecondsOf({ ...parsed, year: parsed.year + 100 });
  };
}
