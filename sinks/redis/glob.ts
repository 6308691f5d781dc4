/** One piece of a glob: a sign with a meaning, or the text between two. */
const pieces = /\\([\s\S])|\*+|\?|\[(\^?)((?:\\[\s\S]|[^\]\\])*)\]|[^*?[\\]+|[\s\S]/g;

/** A pattern of Redis' globs (`*`, `?`, `[a-z]`, `[^a]`, a backslash before a sign) as an expression that a whole key matches. */
export function globExpression(glob: string): RegExp {
  const source = glob.replace(pieces, (piece, taken: string | undefined, negated: string | undefined, members: string | undefined) => {
    if (taken !== undefined) return literal(taken);
    if (piece.startsWith('*')) return '[\\s\\S]*';
    if (piece === '?') return '[\\s\\S]';
    if (members === undefined) return literal(piece);
    if (members === '') return negated ? '[\\s\\S]' : '(?!)';
    // A hyphen between two members is a range there as here; other signs are themselves.
    return `[${negated}${members.replace(/\\([\s\S])|([\^[\]])/g, (_, escaped: string | undefined, sign: string | undefined) => `\\${escaped ?? sign}`)}]`;
  });
  return new RegExp(`^${source}$`);
}

/** What every key that matches begins with. */
export function literalPrefix(glob: string): string {
  let prefix = '';
  for (let at = 0; at < glob.length; at++) {
    const sign = glob[at]!;
    if (sign === '*' || sign === '?' || sign === '[') break;
    prefix += sign === '\\' && at + 1 < glob.length ? glob[++at]! : sign;
  }
  return prefix;
}

function literal(text: string): string {
  return text.replace(/[$()*+./?[\\\]^{|}-]/g, '\\$&');
}
