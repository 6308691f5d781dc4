/**
 * Reads a list of channels, in any case. `others`: those that Debezium knows and that are not supported, with what to use in their place; the
 * function throws an Error that names one of them, or one that is not known.
 */
export function channelsOf<const Name extends string>(
  supported: readonly Name[],
  others: Readonly<Record<string, string>>,
): (list: string) => readonly Name[] {
  return list => {
    const names = list.split(',').map(name => name.trim().toLowerCase());
    return names
      .filter(name => name !== '')
      .map(name => {
        const known = supported.find(channel => channel === name);
        if (known === undefined) throw new Error(`the channel '${name}' is not supported: ${others[name] ?? 'there is none of that name'}`);
        return known;
      });
  };
}
