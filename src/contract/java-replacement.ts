/** A replacement compiled: what a match is replaced by. */
type Replacement = (match: RegExpExecArray) => string;

/** Number of groups, and their names, of an expression. */
function groupsOf(regex: RegExp): { count: number; names: ReadonlySet<string> } {
  const empty = new RegExp(`${regex.source}|`, regex.flags.replace(/[gy]/g, '')).exec('');
  return { count: (empty?.length ?? 1) - 1, names: new Set(Object.keys(empty?.groups ?? {})) };
}

/**
 * Java's replacement syntax (Matcher.appendReplacement): `$1` (as many digits as there are groups), `${name}`, `\x` for x itself. A group
 * that did not take part gives nothing. Throws an Error for a reference to a group that the expression does not have.
 */
export function javaReplacement(replacement: string, regex: RegExp): Replacement {
  const { count, names } = groupsOf(regex);
  const parts: (string | { readonly group: number | string })[] = [];
  let at = 0;
  while (at < replacement.length) {
    const character = replacement[at++]!;
    if (character === '\\') {
      if (at >= replacement.length) throw new Error('Character to be escaped is missing');
      parts.push(replacement[at++]!);
    } else if (character !== '$') parts.push(character);
    else if (replacement[at] === '{') {
      const name = /^\{([A-Za-z][A-Za-z0-9]*)\}/.exec(replacement.slice(at))?.[1];
      if (name === undefined) throw new Error('Illegal named group reference: a name in braces is expected after the dollar sign');
      if (!names.has(name)) throw new Error(`No group with name {${name}}`);
      parts.push({ group: name });
      at += name.length + 2;
    } else {
      const digit = /\d/;
      if (!digit.test(replacement[at] ?? '')) throw new Error('Illegal group reference: write \\$ for a dollar sign');
      let group = Number(replacement[at++]);
      if (group > count) throw new Error(`No group ${group}`);
      while (digit.test(replacement[at] ?? '') && group * 10 + Number(replacement[at]) <= count)
        group = group * 10 + Number(replacement[at++]);
      parts.push({ group });
    }
  }
  return match => {
    let text = '';
    for (const part of parts) {
      if (typeof part === 'string') text += part;
      else text += (typeof part.group === 'number' ? match[part.group] : match.groups?.[part.group]) ?? '';
    }
    return text;
  };
}

/** `Matcher.replaceFirst`: the first match replaced, the rest as it is. Compiles once. */
export function replaceFirst(regex: RegExp, replacement: string): (text: string) => string {
  const replaced = javaReplacement(replacement, regex);
  return text => {
    const match = regex.exec(text);
    return match === null ? text : text.slice(0, match.index) + replaced(match) + text.slice(match.index + match[0].length);
  };
}

/** `Matcher.replaceAll` / `String.replaceAll`: every match replaced. Compiles once. */
export function replaceAll(regex: RegExp, replacement: string): (text: string) => string {
  const replaced = javaReplacement(replacement, regex);
  const everywhere = new RegExp(regex.source, `${regex.flags.replace(/[gy]/g, '')}g`);
  return text => {
    let result = '';
    let end = 0;
    for (const match of text.matchAll(everywhere)) {
      result += text.slice(end, match.index) + replaced(match);
      end = match.index + match[0].length;
    }
    return result + text.slice(end);
  };
}
