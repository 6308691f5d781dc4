/** A part of a java.text.SimpleDateFormat pattern: a letter and how often it stands, or literal text. */
export type PatternPart = { readonly letter: string; readonly count: number } | { readonly literal: string };

const letters = 'GyMdkHmsSEDFwWahKzZYuXL';

/** Takes a pattern apart. Throws an Error with Java's message for a pattern it does not know. */
export function patternParts(pattern: string): readonly PatternPart[] {
  const parts: PatternPart[] = [];
  const tokens = /''|'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']|'/gu;
  let literal = '';
  for (const [token, quoted, letter] of pattern.matchAll(tokens)) {
    if (token === "'") throw new Error('Unterminated quote');
    if (letter === undefined) {
      literal += token === "''" ? "'" : quoted === undefined ? token : quoted.replaceAll("''", "'");
      continue;
    }
    if (!letters.includes(letter)) throw new Error(`Illegal pattern character '${letter}'`);
    if (letter === 'X' && token.length > 3) throw new Error(`invalid ISO 8601 format: length=${token.length}`);
    if (literal !== '') parts.push({ literal });
    literal = '';
    parts.push({ letter, count: token.length });
  }
  if (literal !== '') parts.push({ literal });
  return parts;
}

/** English, as the reference's locale has them. */
export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
export const weekdayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/** The short form of a month or weekday. */
export function shortName(name: string): string {
  return name.slice(0, 3);
}
