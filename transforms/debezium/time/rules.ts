/** Which time fields of a record are converted. */
export type FieldSelection =
  | { readonly kind: 'all' }
  | {
      readonly kind: 'include' | 'exclude';
      readonly before: ReadonlySet<string>;
      readonly after: ReadonlySet<string>;
      readonly source: ReadonlySet<string>;
    };

/** What an include or exclude list says of records, by topic and table; null: they stay as they are. */
export type TimezoneRules = (topic: string, table: string | null) => FieldSelection | null;

const itemForm = /^["\w\s.-]+(?::["\w\s.-]+){0,2}$/;

const everything: FieldSelection = { kind: 'all' };

/** `source.x`, `before.x` and `after.x` name fields of that struct, other names fields of both rows. */
function selection(kind: 'include' | 'exclude', fields: ReadonlySet<string>): FieldSelection {
  const chosen = { source: new Set<string>(), before: new Set<string>(), after: new Set<string>() };
  for (const field of fields) {
    const struct = (['source', 'before', 'after'] as const).find(name => field.startsWith(`${name}.`));
    if (struct !== undefined) chosen[struct].add(field.slice(struct.length + 1));
    else {
      chosen.before.add(field);
      chosen.after.add(field);
    }
  }
  return { kind, ...chosen };
}

/** Field names by topic, by table, and by either (items without a prefix). */
type Names = Readonly<Record<'topic' | 'source' | 'either', Map<string, Set<string>>>>;

/** A prefix holds for the items after it too: `source:customers,orders`. */
function collect(items: readonly string[]): Names {
  const names: Names = { topic: new Map(), source: new Map(), either: new Map() };
  let prefix: string | null = null;
  for (const item of items) {
    const [first = '', second, third] = item.split(':');
    const prefixed = second !== undefined && /^(source|topic)$/i.test(first);
    if (prefixed) prefix = first;
    const name = prefixed ? second : first;
    const field = prefixed ? third : second;
    const map = prefix === 'topic' ? names.topic : prefix === 'source' ? names.source : names.either;
    const fields = map.get(name) ?? new Set();
    if (field !== undefined) fields.add(field);
    map.set(name, fields);
  }
  return names;
}

/** Items are `source:TABLE`, `topic:TOPIC` or `NAME`, each with `:FIELD` behind it if only that field is meant. Throws an Error for others. */
export function timezoneRules(kind: 'include' | 'exclude', items: readonly string[]): TimezoneRules {
  if (items.length === 0) return () => everything;
  if (!items[0]?.includes(':') || items.some(item => !itemForm.test(item)))
    throw new Error('Use source:TABLE, source:TABLE:FIELD, topic:TOPIC, topic:TOPIC:FIELD or NAME:FIELD, separated by commas.');
  const names = collect(items);
  const selected = (map: Map<string, Set<string>>) =>
    new Map([...map].map(([name, fields]) => [name, fields.size === 0 ? null : selection(kind, fields)] as const));
  const [topics, tables, either] = [selected(names.topic), selected(names.source), selected(names.either)];
  // A name without fields means all of them: included, everything is converted, excluded, nothing.
  const whole = kind === 'include' ? everything : null;
  const unnamed = kind === 'include' ? null : everything;
  return (topic, table) => {
    if (topics.has(topic)) return topics.get(topic) ?? whole;
    if (table !== null && tables.has(table)) return tables.get(table) ?? whole;
    if (either.has(topic)) return either.get(topic) ?? whole;
    if (table !== null && either.has(table)) return either.get(table) ?? whole;
    return unnamed;
  };
}
