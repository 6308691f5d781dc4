/**
 * Reads a Java properties file as java.util.Properties does: `key=value`, `key: value` or `key value`, comments by # and !, lines
 * continued by a backslash at their end, and the escapes \t \n \r \f \uXXXX. Answers the entries with the line each began on.
 */
export function parseJavaProperties(text: string): Map<string, { readonly value: string; readonly line: number }> {
  const entries = new Map<string, { value: string; line: number }>();
  const lines = text.split(/\r\n|\n|\r/);
  for (let at = 0; at < lines.length; at++) {
    let logical = lines[at]!.replace(/^[ \t\f]+/, '');
    if (logical === '' || logical.startsWith('#') || logical.startsWith('!')) continue;
    const line = at + 1;
    while (endsWithOddBackslashes(logical) && at + 1 < lines.length) {
      logical = logical.slice(0, -1) + lines[++at]!.replace(/^[ \t\f]+/, '');
    }
    const keyEnd = endOfKey(logical);
    const value = logical.slice(keyEnd).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '');
    entries.set(unescaped(logical.slice(0, keyEnd)), { value: unescaped(value), line });
  }
  return entries;
}

function endsWithOddBackslashes(line: string): boolean {
  let count = 0;
  for (let at = line.length - 1; at >= 0 && line[at] === '\\'; at--) count++;
  return count % 2 === 1;
}

/** The first separator that is not escaped. */
function endOfKey(line: string): number {
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '\\') at++;
    else if (/[=: \t\f]/.test(line[at]!)) return at;
  }
  return line.length;
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.)|$)/gs, (_, code: string | undefined, character: string | undefined) =>
    code !== undefined ? String.fromCharCode(Number.parseInt(code, 16)) : (escapes[character ?? ''] ?? character ?? ''),
  );
}
