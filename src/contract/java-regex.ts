import { lineTerminators, predefinedSet, propertySet } from './java-regex-sets.ts';

/** Java's embedded flags: d (UNIX_LINES), i (CASE_INSENSITIVE, ASCII only without u), m (MULTILINE), s (DOTALL), u (UNICODE_CASE), x (COMMENTS). */
type Flags = {
  readonly d: boolean;
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly u: boolean;
  readonly x: boolean;
};

const noFlags: Flags = { d: false, i: false, m: false, s: false, u: false, x: false };

const endOfInput = `(?:$|(?=\\r\\n$|[\\r\\x85\\u2028\\u2029]$)|(?<!\\r)(?=\\n$))`;
const endOfLine = `(?:$|(?=[\\r\\x85\\u2028\\u2029])|(?<!\\r)(?=\\n))`;
/** Not at the very end of the input, even of an empty one. */
const startOfLine = `(?:(?:^|(?<=[\\n\\x85\\u2028\\u2029]|\\r(?!\\n)))(?=[^]))`;

function withFlags(flags: Flags, letters: string, on: boolean): Flags {
  const changed = { ...flags };
  for (const letter of letters) {
    if (letter === 'U') throw new Error('The flag (?U) is not supported; use \\p{IsAlphabetic} and the like instead');
    if (!(letter in noFlags)) throw new Error(`Unknown inline modifier (?${letter})`);
    changed[letter as keyof Flags] = on;
  }
  return changed;
}

function escaped(codePoint: number): string {
  return `\\u{${codePoint.toString(16)}}`;
}

function isAsciiLetter(codePoint: number): boolean {
  return (codePoint >= 65 && codePoint <= 90) || (codePoint >= 97 && codePoint <= 122);
}

/** ASCII letters in a range of code points, in the other case, as ranges. */
function otherCase(from: number, to: number): string {
  const shifted = (least: number, most: number, by: number) => {
    const [low, high] = [Math.max(from, least), Math.min(to, most)];
    return low > high ? '' : `${escaped(low + by)}-${escaped(high + by)}`;
  };
  return shifted(65, 90, 32) + shifted(97, 122, -32);
}

/** Reads a pattern from left to right and writes its translation. One use. */
class Translator {
  readonly #pattern: string;
  readonly #groups: number;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#groups = countGroups(pattern);
  }

  translate(flags: Flags): string {
    const translated = this.#alternatives(flags, 0);
    if (this.#at < this.#pattern.length) throw this.#fault("Unmatched closing ')'");
    return translated;
  }

  #fault(message: string): Error {
    return new Error(`${message} near index ${this.#at}`);
  }

  #peek(text: string): boolean {
    return this.#pattern.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  /** Takes what the sticky expression matches here; null where it does not. */
  #takeMatch(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#pattern);
    if (match) this.#at += match[0].length;
    return match;
  }

  #codePoint(): number {
    const codePoint = this.#pattern.codePointAt(this.#at);
    if (codePoint === undefined) throw this.#fault('Unexpected end of the pattern');
    this.#at += codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }

  #skipComments(): void {
    while (this.#takeMatch(/[ \t\n\v\f\r]+|#[^\n\r\x85\u2028\u2029]*/y));
  }

  /** Up to the closing parenthesis or the end. An inline flag holds from where it stands to the end of its group. */
  #alternatives(outer: Flags, depth: number): string {
    if (depth > 200) throw this.#fault('Groups are nested too deeply');
    let flags = outer;
    let translated = '';
    for (;;) {
      if (flags.x) this.#skipComments();
      if (this.#at >= this.#pattern.length || this.#peek(')')) return translated;
      if (this.#take('|')) {
        translated += '|';
        continue;
      }
      const inline = this.#takeMatch(/\(\?([A-Za-z]*)(?:-([A-Za-z]*))?\)/y);
      if (inline) {
        flags = withFlags(withFlags(flags, inline[1] ?? '', true), inline[2] ?? '', false);
        continue;
      }
      if (this.#take('\\Q')) {
        translated += this.#quoted(flags);
        continue;
      }
      const atom = this.#atom(flags, depth);
      if (flags.x) this.#skipComments();
      translated += this.#quantified(atom);
    }
  }

  #quantified(atom: string): string {
    const quantifier = this.#takeMatch(/[*+?]|\{\d+(?:,\d*)?\}/y);
    if (!quantifier) return atom;
    if (this.#peek('+')) throw this.#fault(`Possessive quantifiers (${quantifier[0]}+) are not supported; write ${quantifier[0]} instead`);
    // Assertions may be repeated in Java; in JavaScript only inside a group.
    const single = /^(?:\(\?<?[=!]|\^|\$|\\b|\\B)/.test(atom) ? `(?:${atom})` : atom;
    return single + quantifier[0] + (this.#take('?') ? '?' : '');
  }

  /** After \Q: all up to \E, literally. The last character may be repeated. */
  #quoted(flags: Flags): string {
    const end = this.#pattern.indexOf('\\E', this.#at);
    const characters = [...this.#pattern.slice(this.#at, end < 0 ? undefined : end)];
    this.#at = end < 0 ? this.#pattern.length : end + 2;
    const atoms = characters.map(character => this.#literal(character.codePointAt(0) ?? 0, flags));
    const last = atoms.pop();
    return last === undefined ? '' : atoms.join('') + this.#quantified(last);
  }

  #literal(codePoint: number, flags: Flags): string {
    if (flags.i && isAsciiLetter(codePoint)) {
      const letter = String.fromCodePoint(codePoint);
      return flags.u ? `(?i:${letter})` : `[${letter.toLowerCase()}${letter.toUpperCase()}]`;
    }
    const character = String.fromCodePoint(codePoint);
    if (/[A-Za-z0-9_\x20"'`~!@#%&=:;,<>-]/.test(character)) return character;
    if (codePoint < 128) return /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : escaped(codePoint);
    return flags.i && flags.u ? `(?i:${escaped(codePoint)})` : escaped(codePoint);
  }

  #atom(flags: Flags, depth: number): string {
    if (this.#peek('(')) return this.#group(flags, depth);
    if (this.#take('[')) return this.#wrapped(this.#set(flags, depth), flags);
    if (this.#take('\\')) return this.#escape(flags);
    if (this.#take('.')) return flags.s ? '[^]' : flags.d ? '[^\\n]' : `[^${lineTerminators}]`;
    if (this.#take('^')) return flags.m ? (flags.d ? '(?:(?:^|(?<=\\n))(?=[^]))' : startOfLine) : '^';
    if (this.#take('$')) return flags.d ? (flags.m ? '(?=$|\\n)' : '(?=\\n?$)') : flags.m ? endOfLine : endOfInput;
    if (/[*+?]/.test(this.#pattern[this.#at] ?? '')) throw this.#fault(`Dangling meta character '${this.#pattern[this.#at]}'`);
    if (this.#peek('{')) throw this.#fault('Illegal repetition');
    return this.#literal(this.#codePoint(), flags);
  }

  #wrapped(set: string, flags: Flags): string {
    return flags.i && flags.u ? `(?i:${set})` : set;
  }

  #group(flags: Flags, depth: number): string {
    const opening = this.#takeMatch(/\((?:\?(?:[:=!]|<[=!]|<([A-Za-z][A-Za-z0-9]*)>))?(?!\?)/y);
    let inner = flags;
    let written: string;
    if (opening) written = opening[0];
    else {
      const modified = this.#takeMatch(/\(\?([A-Za-z]*)(?:-([A-Za-z]*))?:/y);
      if (!modified) {
        if (this.#peek('(?>')) throw this.#fault('Atomic groups (?>...) are not supported; write (?:...) instead');
        throw this.#fault('Unknown group type');
      }
      inner = withFlags(withFlags(flags, modified[1] ?? '', true), modified[2] ?? '', false);
      written = '(?:';
    }
    const body = this.#alternatives(inner, depth + 1);
    if (!this.#take(')')) throw this.#fault('Unclosed group');
    return `${written}${body})`;
  }

  #escape(flags: Flags): string {
    const letter = this.#pattern[this.#at] ?? '';
    const set = this.#setEscape(flags);
    if (set !== null) return this.#wrapped(set, flags);
    const reference = this.#takeMatch(/[1-9]/y);
    if (reference) return this.#reference(reference[0], flags);
    const name = this.#takeMatch(/k<([A-Za-z][A-Za-z0-9]*)>/y);
    if (name) return flags.i ? `(?i:\\k<${name[1]}>)` : `\\k<${name[1]}>`;
    if (this.#take('b{g}')) throw this.#fault('\\b{g} is not supported');
    if (this.#take('A')) return '^';
    if (this.#take('z')) return '$';
    if (this.#take('Z')) return flags.d ? '(?=\\n?$)' : endOfInput;
    if (this.#take('b') || this.#take('B')) return `\\${letter}`;
    if (this.#take('R')) return `(?:\\r\\n|[\\n\\x0b\\f\\r\\x85\\u2028\\u2029])`;
    if (/[GXN]/.test(letter)) throw this.#fault(`\\${letter} is not supported`);
    return this.#literal(this.#characterEscape(), flags);
  }

  /** Further digits belong to the number while there are so many groups. A group that is not there never matches. */
  #reference(first: string, flags: Flags): string {
    let number = Number(first);
    while (/\d/.test(this.#pattern[this.#at] ?? '') && number * 10 + Number(this.#pattern[this.#at]) <= this.#groups) {
      number = number * 10 + Number(this.#pattern[this.#at]);
      this.#at++;
    }
    if (number > this.#groups) return '(?!)';
    return flags.i ? `(?i:\\${number})` : `(?:\\${number})`;
  }

  /** A predefined class or a property, after the backslash. */
  #setEscape(flags: Flags): string | null {
    const property = this.#takeMatch(/([pP])(?:\{([^}]*)\}|([A-Za-z]))/y);
    if (property) return propertySet(property[2] ?? property[3] ?? '', property[1] === 'P', flags.i);
    const set = predefinedSet(this.#pattern[this.#at] ?? '');
    if (set !== null) this.#at++;
    return set;
  }

  /** One character, after the backslash. */
  #characterEscape(): number {
    const hex = this.#takeMatch(/x([0-9a-fA-F]{2})|x\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})/y);
    if (hex) {
      const unit = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '', 16);
      const low = unit >= 0xd800 && unit < 0xdc00 ? this.#takeMatch(/\\u([dD][c-fC-F][0-9a-fA-F]{2})/y) : null;
      if (unit > 0x10ffff) throw this.#fault('Hexadecimal codepoint is too big');
      return low ? (unit - 0xd800) * 0x400 + Number.parseInt(low[1] ?? '', 16) - 0xdc00 + 0x10000 : unit;
    }
    const octal = this.#takeMatch(/0([0-3][0-7]{2}|[0-7]{1,2})/y);
    if (octal) return Number.parseInt(octal[1] ?? '', 8);
    const control = this.#takeMatch(/c([\s\S])/y);
    if (control) return (control[1] ?? '').charCodeAt(0) ^ 64;
    const letter = this.#pattern[this.#at] ?? '';
    const named = { t: 9, n: 10, f: 12, r: 13, a: 7, e: 27 }[letter];
    if (named !== undefined) {
      this.#at++;
      return named;
    }
    if (/[A-Za-z0-9]/.test(letter)) throw this.#fault(`Illegal/unsupported escape sequence \\${letter}`);
    return this.#codePoint();
  }

  /** After `[`: up to the closing bracket. Nested classes are unions, && intersects. */
  #set(flags: Flags, depth: number): string {
    if (depth > 200) throw this.#fault('Character classes are nested too deeply');
    const complement = this.#take('^');
    const operands: string[] = [];
    let union = '';
    for (let first = true; ; first = false) {
      if (flags.x) this.#skipComments();
      if (this.#at >= this.#pattern.length) throw this.#fault('Unclosed character class');
      if (!first && this.#take(']')) break;
      if (this.#take('&&')) {
        if (union !== '') operands.push(union);
        union = '';
      } else if (this.#take('[')) union += this.#set(flags, depth + 1);
      else if (this.#take('\\Q')) union += this.#quotedInSet(flags);
      else union += this.#member(flags);
    }
    if (union !== '') operands.push(union);
    if (operands.length === 0) throw this.#fault('Bad class syntax');
    const inside = operands.length === 1 ? operands[0] : operands.map(operand => `[${operand}]`).join('&&');
    return `[${complement ? '^' : ''}${inside}]`;
  }

  #quotedInSet(flags: Flags): string {
    const end = this.#pattern.indexOf('\\E', this.#at);
    if (end < 0) throw this.#fault('Unclosed character class');
    const text = this.#pattern.slice(this.#at, end);
    this.#at = end + 2;
    return [...text].map(character => this.#range(character.codePointAt(0) ?? 0, character.codePointAt(0) ?? 0, flags)).join('');
  }

  #member(flags: Flags): string {
    if (this.#peek('\\')) {
      this.#at++;
      const set = this.#setEscape(flags);
      if (set !== null) return set;
      this.#at--;
    }
    const from = this.#setCharacter();
    if (!this.#takeMatch(/-(?![\][]|$)/y)) return this.#range(from, from, flags);
    const to = this.#setCharacter();
    if (to < from) throw this.#fault('Illegal character range');
    return this.#range(from, to, flags);
  }

  #setCharacter(): number {
    return this.#take('\\') ? this.#characterEscape() : this.#codePoint();
  }

  #range(from: number, to: number, flags: Flags): string {
    const range = from === to ? escaped(from) : `${escaped(from)}-${escaped(to)}`;
    return flags.i ? range + otherCase(from, to) : range;
  }
}

function countGroups(pattern: string): number {
  const unquoted = pattern.replace(/\\Q[\s\S]*?(?:\\E|$)/g, '').replace(/\\[\s\S]/g, '');
  return unquoted.replace(/\[[^\]]*\]/g, '').match(/\((?!\?)|\(\?<(?![=!])/g)?.length ?? 0;
}

/**
 * A java.util.regex pattern as a RegExp that matches the same texts. `flags`: Java's embedded flag letters (`i` is
 * Pattern.CASE_INSENSITIVE: ASCII letters only). Throws an Error with a readable message for a faulty pattern and for what
 * JavaScript cannot do: possessive quantifiers, atomic groups, Unicode blocks, \G, \X. One difference is left: a reference to a group that
 * did not take part in the match matches nothing in Java and the empty text here.
 */
export function javaRegex(pattern: string, flags = ''): RegExp {
  const source = new Translator(pattern).translate(withFlags(noFlags, flags, true));
  try {
    return new RegExp(source, 'v');
  } catch (error) {
    throw new Error((error as Error).message.replace(/^Invalid regular expression: .*\/v?: /s, ''), { cause: error });
  }
}

/** `Matcher.matches()`: whether the expression matches the whole text, not a part of it. Compiles once; hand over a RegExp of `javaRegex`. */
export function matchesWhole(regex: RegExp): (text: string) => boolean {
  const whole = new RegExp(`^(?:${regex.source})$`, regex.flags);
  return text => whole.test(text);
}
