const after = /"after":("(?:[^"\\]|\\.)*"|null)/;

/** A line up to its value: the same for all records of one document. */
function documentOf(line: string): string {
  return line.slice(0, line.indexOf(',"value":'));
}

/**
 * Golden lines as they are where the connector reads long after the changes: MongoDB looks an update's document up when the change is read, so
 * every update shows it as it was left in the end, or not at all where it was deleted. Inserts and replacements hold their document themselves.
 */
export function lookedUpLater(golden: readonly string[]): readonly string[] {
  const left = new Map<string, string>();
  for (const line of golden) {
    const found = after.exec(line)?.[1];
    if (found !== undefined) left.set(documentOf(line), line.includes('"op":"d"') ? 'null' : found);
  }
  return golden.map(line => {
    const looksUp = line.includes('"op":"u"') && !line.includes('"updateDescription":null');
    return looksUp ? line.replace(after, () => `"after":${left.get(documentOf(line))}`) : line;
  });
}
