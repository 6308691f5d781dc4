import { javaRegex, nearest, options } from '../../src/contract/index.ts';
import { patternParts } from '../java-dates/pattern.ts';

function listOf(text: string): readonly string[] {
  return text.trim() === '' ? [] : text.split(',').map(part => part.trim());
}

type TextSettings = { doc: string; default?: string | null; importance?: 'HIGH' | 'MEDIUM' | 'LOW' };

/** A text, trimmed as Connect's ConfigDef does it. */
export function textOption<const S extends TextSettings>(settings: S, check: (text: string) => void = () => {}) {
  return options.parsed('STRING', settings, text => {
    const trimmed = text.trim();
    check(trimmed);
    return trimmed;
  });
}

/** A list with at least one entry, comma separated (NonEmptyListValidator). */
export function nonEmptyList(doc: string) {
  return options.parsed('LIST', { doc, importance: 'HIGH' }, text => {
    const list = listOf(text);
    if (list.length === 0) throw new Error('Empty list');
    return list;
  });
}

/** A list that a parser of its own reads; the parser's errors complete the fault. */
export function listOption<T>(settings: { doc: string; importance: 'HIGH' | 'MEDIUM' }, parse: (list: readonly string[]) => T) {
  return options.parsed('LIST', settings, text => parse(listOf(text)));
}

/** A list that may be empty and is so by default. */
export function optionalList<T>(doc: string, parse: (list: readonly string[]) => T, aliases: string[] = []) {
  return options.parsed('LIST', { doc, default: '', aliases }, text => parse(listOf(text)));
}

/** One of a few words, spelt exactly so (ValidString.in). */
export function exactChoice<const V extends readonly string[]>(
  values: V,
  settings: { doc: string; default?: string; importance?: 'HIGH' | 'LOW' },
) {
  return options.parsed('STRING', { values, ...settings }, text => {
    const value = values.find(candidate => candidate === text.trim());
    if (value !== undefined) return value as V[number];
    const near = nearest(text, values);
    throw new Error(`String must be one of: ${values.join(', ')}${near ? `; did you mean '${near}'?` : ''}`);
  });
}

/** A text with at least one character (NonEmptyString). */
export function notEmpty(text: string): void {
  if (text === '') throw new Error('String must be non-empty');
}

/** A Java regular expression (RegexValidator), compiled. */
export function regexOption(doc: string, importance: 'HIGH' | 'MEDIUM' = 'HIGH', emptiness: 'any' | 'non-empty' = 'any') {
  return options.parsed('STRING', { doc, importance }, text => {
    if (emptiness === 'non-empty') notEmpty(text.trim());
    try {
      return javaRegex(text.trim());
    } catch (error) {
      throw new Error(`Invalid regex: ${(error as Error).message}`);
    }
  });
}

/** A pattern of java.text.SimpleDateFormat. */
export function datePattern(settings: { doc: string; default: string; importance: 'HIGH' | 'MEDIUM' }) {
  return textOption(settings, text => void patternParts(text));
}

/** `replace.null.with.default`, which most transforms have since Kafka 3.9 (KIP-1040). */
export const replaceNullWithDefault = options.boolean({
  default: 'true',
  doc:
    'Whether to replace fields that have a default value and that are null to the default value. ' +
    'When set to true, the default value is used, otherwise null is used.',
});
