/** The collation of columns that hold bytes. */
export const binaryCollation = 63;

const escapes: ReadonlyMap<string, string> = new Map([
  ['0', '\0'],
  ['b', '\b'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['Z', '\u001a'],
]);

/** The text that stands between single quotes in a statement. */
export function unescapedLiteral(text: string): string {
  return text.replace(/''|\\(.)/gs, (match, escaped: string | undefined) => (match === "''" ? "'" : (escapes.get(escaped!) ?? escaped!)));
}

/** The values of an ENUM or SET from their literals (`'a'`, `'it''s'`). The server cuts the blanks at their ends. */
export function enumLiterals(literals: readonly string[]): readonly string[] {
  return literals.map(literal => unescapedLiteral(literal.slice(literal.indexOf("'") + 1, -1)).replace(/ +$/, ''));
}

/** A text as a literal. */
export function quotedLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
