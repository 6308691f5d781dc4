/**
 * Character sets of Java's regular expressions written as JavaScript's (flag `v`), each as the inside of a bracket class.
 * Java's predefined classes are ASCII unless told otherwise, JavaScript's `\s` is not: hence no name is passed on as it stands.
 */

export const lineTerminators = '\\n\\r\\x85\\u2028\\u2029';

/** `\d \h \s \v \w`; the upper case letter is the complement. */
const predefined: Readonly<Record<string, string>> = {
  d: '0-9',
  h: '\\x20\\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000',
  s: '\\t\\n\\x0b\\f\\r\\x20',
  v: '\\n\\x0b\\f\\r\\x85\\u2028\\u2029',
  w: 'a-zA-Z0-9_',
};

/** The set of a predefined class (`d`, `D`, `s` ...) in brackets, or null where the letter names none. */
export function predefinedSet(letter: string): string | null {
  const inside = predefined[letter.toLowerCase()];
  if (inside === undefined) return null;
  return letter === letter.toLowerCase() ? `[${inside}]` : `[^${inside}]`;
}

/** POSIX names (US-ASCII only) and Java's own. */
const named: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\x00-\\x7f',
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Punct: '\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e',
  Graph: '\\x21-\\x7e',
  Print: '\\x20-\\x7e',
  Blank: '\\x20\\t',
  Cntrl: '\\x00-\\x1f\\x7f',
  XDigit: '0-9a-fA-F',
  Space: '\\t\\n\\x0b\\f\\r\\x20',
  all: '\\u{0}-\\u{10ffff}',
  ALL: '\\u{0}-\\u{10ffff}',
  L1: '\\x00-\\xff',
  LD: '\\p{L}\\p{Nd}',
  javaLowerCase: '\\p{Lowercase}',
  javaUpperCase: '\\p{Uppercase}',
  javaTitleCase: '\\p{Lt}',
  javaAlphabetic: '\\p{Alphabetic}',
  javaIdeographic: '\\p{Ideographic}',
  javaLetter: '\\p{L}',
  javaDigit: '\\p{Nd}',
  javaLetterOrDigit: '\\p{L}\\p{Nd}',
  javaDefined: '\\p{Assigned}',
  javaISOControl: '\\x00-\\x1f\\x7f-\\x9f',
  javaSpaceChar: '\\p{Z}',
};

/** Names after `Is` that are spelt otherwise in JavaScript, in lower case. */
const binaryNames: Readonly<Record<string, string>> = {
  alphabetic: 'Alphabetic',
  ideographic: 'Ideographic',
  letter: 'L',
  lowercase: 'Lowercase',
  uppercase: 'Uppercase',
  titlecase: 'Lt',
  punctuation: 'P',
  control: 'Cc',
  white_space: 'White_Space',
  whitespace: 'White_Space',
  digit: 'Nd',
  hex_digit: 'Hex_Digit',
  hexdigit: 'Hex_Digit',
  join_control: 'Join_Control',
  noncharacter_code_point: 'Noncharacter_Code_Point',
  assigned: 'Assigned',
  emoji: 'Emoji',
};

function known(property: string): boolean {
  try {
    new RegExp(`\\p{${property}}`, 'v');
    return true;
  } catch {
    return false;
  }
}

/** Script names are written in any case in Java and with capitals in JavaScript (`OLD_ITALIC`, `Old_Italic`). */
function capitalized(name: string): string {
  return name.toLowerCase().replace(/(^|_)[a-z]/g, letter => letter.toUpperCase());
}

function unicodeProperty(name: string): string | null {
  const [, keyword, value] = /^([^=]+)=(.+)$/.exec(name) ?? [];
  if (keyword !== undefined && value !== undefined) {
    const kind = keyword.toLowerCase();
    if (kind === 'sc' || kind === 'script') return [`sc=${value}`, `sc=${capitalized(value)}`].find(known) ?? null;
    if (kind === 'gc' || kind === 'general_category') return [`gc=${value}`, `gc=${capitalized(value)}`].find(known) ?? null;
    return null;
  }
  const bare = name.startsWith('Is') ? name.slice(2) : name;
  // Without `Is` Java knows general categories by their short names only.
  const candidates = name.startsWith('Is')
    ? [binaryNames[bare.toLowerCase()] ?? '', bare, `sc=${bare}`, `sc=${capitalized(bare)}`]
    : [/^[A-Z][A-Za-z]?$/.test(bare) ? bare : ''];
  return candidates.find(candidate => candidate !== '' && known(candidate)) ?? null;
}

/** `\p{name}` (or `\P`) as a set in brackets. `anyCase`: under (?i), where Lower and Upper stand for both. Throws an Error for names it does not know. */
export function propertySet(name: string, complement: boolean, anyCase: boolean): string {
  const folded = anyCase && /^(?:Lower|Upper)$/.test(name) ? 'Alpha' : name;
  const inside = named[folded];
  if (inside !== undefined) return `[${complement ? '^' : ''}${inside}]`;
  if (/^(?:In|block=|blk=)/.test(name))
    throw new Error(`Unicode blocks (\\p{${name}}) are not supported; write the range of characters instead`);
  const property = unicodeProperty(folded);
  if (property === null) throw new Error(`Unknown character property name {${name}}`);
  const folds: Readonly<Record<string, string>> = { Lowercase: 'Cased', Uppercase: 'Cased', Lu: 'LC', Ll: 'LC', Lt: 'LC' };
  const cased = `\\p{${(anyCase && folds[property]) || property}}`;
  return `[${complement ? '^' : ''}${cased}]`;
}
