import { nearest, type Option, type OptionMap, options } from '../../../src/contract/index.ts';

/** Settings that all options of this folder share the shape of. */
type Settings = { default: string; doc: string; group: string; displayName?: string; aliases?: readonly string[] };

/**
 * One of a few words, of which Debezium knows more than are supported: the others are refused with the reason. In any case, as Debezium
 * reads them.
 */
export function limited<const V extends readonly string[]>(
  supported: V,
  others: Readonly<Record<string, string>>,
  settings: Settings,
): Option<V[number]> {
  return options.parsed('STRING', { importance: 'LOW', values: supported, refusedValues: others, ...settings }, (text): V[number] => {
    const lower = text.trim().toLowerCase();
    const known = supported.find(value => value.toLowerCase() === lower);
    if (known !== undefined) return known;
    const reason = Object.entries(others).find(([value]) => value.toLowerCase() === lower)?.[1];
    if (reason !== undefined) throw new Error(`it is not supported: ${reason}`);
    const near = nearest(lower, supported);
    throw new Error(`Value must be one of ${supported.join(', ')}${near ? `; did you mean "${near}"?` : ''}`);
  });
}

/** Options that Debezium knows and that are refused, by name, with the reason and what to use in their place. */
export function unsupportedOptions<const Names extends string>(
  reasons: Readonly<Record<Names, string>>,
): Record<Names, Option<string | null>> {
  const entries = Object.entries<string>(reasons).map(([name, reason]) => [
    name,
    options.string({ default: null, doc: `Not supported. ${reason}`, importance: 'LOW', group: 'Not supported', unsupported: reason }),
  ]);
  return Object.fromEntries(entries) satisfies OptionMap as Record<Names, Option<string | null>>;
}
