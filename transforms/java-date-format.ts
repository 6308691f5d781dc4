import { dateWriter } from './java-dates/format.ts';
import { dateReader, unreadable } from './java-dates/parse.ts';
import { patternParts } from './java-dates/pattern.ts';

/** A compiled java.text.SimpleDateFormat in UTC, with English names. */
export type JavaDateFormat = {
  readonly pattern: string;
  /** Milliseconds since 1970 as text. */
  format(milliseconds: bigint): string;
  /** Milliseconds since 1970; null where the text does not match. */
  parse(text: string): bigint | null;
  /** Why texts of this pattern cannot be parsed (then `parse` must not be called); null where they can. */
  readonly unreadable: string | null;
};

/**
 * Compiles a pattern of java.text.SimpleDateFormat. `nowMs` is when the format is made: two-digit years are read around it. Throws an
 * Error with Java's message for letters that Java does not know.
 */
export function javaDateFormat(pattern: string, nowMs: number): JavaDateFormat {
  const parts = patternParts(pattern);
  return { pattern, format: dateWriter(parts), parse: dateReader(parts, nowMs), unreadable: unreadable(parts) };
}
