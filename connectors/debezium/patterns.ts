import { javaRegex, matchesWhole } from '../../src/contract/index.ts';

/** One pattern of a list: as it was written, and whether it matches a whole name. */
export type Pattern = { readonly text: string; matches(name: string): boolean };

/** A comma separated list of Java patterns, as every include and exclude list is. */
export type PatternList = {
  readonly patterns: readonly Pattern[];
  /** Whether one of them matches the whole name. */
  matches(name: string): boolean;
};

/** Splits at commas that no backslash precedes; `\,` stands for a comma inside a pattern. Throws an Error for a lone backslash at the end. */
export function splitPatterns(list: string): readonly string[] {
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(list)) throw new Error('Unterminated escape sequence at the end of the string');
  const parts = list.match(/(?:\\[\s\S]|[^,\\])+/g) ?? [];
  return parts.map(part => part.trim().replaceAll('\\,', ',')).filter(part => part !== '');
}

/**
 * Reads a list as Debezium does: each pattern is a Java regular expression that must match the whole name, in any case (ASCII letters).
 * Throws an Error that names the pattern that does not compile.
 */
export function patternList(list: string): PatternList {
  const patterns = splitPatterns(list).map(text => {
    try {
      return { text, matches: matchesWhole(javaRegex(text, 'i')) };
    } catch (error) {
      throw new Error(`The pattern '${text}' is not a regular expression: ${(error as Error).message}`, { cause: error });
    }
  });
  return { patterns, matches: name => patterns.some(pattern => pattern.matches(name)) };
}
