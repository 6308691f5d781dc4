/** One token of JSON, behind white space: a mark, a string, or a number or word. */
const token =
  /[ \t\n\r]*(?:([{}[\]:,])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;
const whiteSpace = /[ \t\n\r]*/y;

/** What may come next. `first` means that the object or list may also end here. */
type Expected = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'end of value';

/** What is expected behind a token; null where the token does not fit. `open` holds the ends of the objects and lists that are open. */
function behind(expected: Expected, [, mark, text, scalar]: RegExpExecArray, open: ('}' | ']')[]): Expected | null {
  const value = expected === 'value' || expected === 'first value';
  const key = expected === 'key' || expected === 'first key';
  if (mark === undefined) {
    if (key) return text === undefined ? null : 'colon';
    return value && (text ?? scalar) !== undefined ? 'end of value' : null;
  }
  if (value && (mark === '{' || mark === '[')) {
    open.push(mark === '{' ? '}' : ']');
    return mark === '{' ? 'first key' : 'first value';
  }
  if (mark === ':') return expected === 'colon' ? 'value' : null;
  const inner = open.at(-1);
  if (mark === ',') {
    if (expected !== 'end of value' || inner === undefined) return null;
    return inner === '}' ? 'key' : 'value';
  }
  const mayEnd = expected === 'end of value' || expected === (mark === '}' ? 'first key' : 'first value');
  if (mark !== inner || !mayEnd) return null;
  open.pop();
  return 'end of value';
}

/**
 * The place where a text stops being JSON, counted from 1; null where it is JSON. The parser's own message names a place for some faults only,
 * and quotes the text around it, which may be a secret (invariant 8).
 */
export function jsonFault(text: string): { readonly line: number; readonly column: number } | null {
  const open: ('}' | ']')[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    token.lastIndex = at;
    const found = token.exec(text);
    const next: Expected | null = found && behind(expected, found, open);
    if (next === null) break;
    expected = next;
    at = token.lastIndex;
  }
  whiteSpace.lastIndex = at;
  whiteSpace.exec(text);
  const place = whiteSpace.lastIndex;
  if (place === text.length && expected === 'end of value' && open.length === 0) return null;
  const lines = text.slice(0, place).split('\n');
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}
