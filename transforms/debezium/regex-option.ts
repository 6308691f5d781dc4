import { javaRegex, matchesWhole, replaceFirst } from '../../src/contract/index.ts';

/** A Java regex and what replaces a topic that it matches as a whole. */
export type TopicRewriting = (topic: string) => string | null;

/** Checks that a text compiles as a Java regex; for an option's `validate`. Throws an Error that says what is wrong. */
export function requireRegex(text: string): void {
  javaRegex(text);
}

/** `Matcher.matches()` then `replaceFirst`: the new text, or null where the regex does not match all of it. Throws an Error for a faulty pair. */
export function topicRewriting(regex: string, replacement: string): TopicRewriting {
  const compiled = javaRegex(regex);
  const matches = matchesWhole(compiled);
  const replaced = replaceFirst(compiled, replacement);
  return topic => (matches(topic) ? replaced(topic) : null);
}

/** Keeps the results for the last `size` texts seen; topics are few. */
export function remembering(rewriting: TopicRewriting, size: number): TopicRewriting {
  const known = new Map<string, string | null>();
  return topic => {
    let result = known.get(topic);
    if (result === undefined) {
      result = rewriting(topic);
      const [oldest] = known.keys();
      if (known.size >= size && oldest !== undefined) known.delete(oldest);
      known.set(topic, result);
    }
    return result;
  };
}
