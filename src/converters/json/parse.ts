import { ConversionError } from '../conversion-error.ts';

/** A JSON number with a fraction or an exponent, as it was written: a Decimal must keep every digit. */
export class Fraction {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** JSON without loss: integers beyond 2^53 are bigints, other numbers keep their text, objects their order. */
export type Json = null | boolean | number | bigint | string | Fraction | readonly Json[] | ReadonlyMap<string, Json>;

/** Jackson's own bound on nesting. */
const depthMax = 1000;

const quote = 0x22;
const backslash = 0x5c;
const numberText = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;
const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Json {
    const value = this.#value();
    this.#blanks();
    if (this.#at < this.#text.length) throw this.#fault();
    return value;
  }

  #fault(): ConversionError {
    return new ConversionError(`not valid JSON at character ${this.#at}`);
  }

  #blanks(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at++;
    }
  }

  #value(): Json {
    this.#blanks();
    switch (this.#text[this.#at]) {
      case '"':
        return this.#string();
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#array());
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > depthMax) throw new ConversionError(`JSON nested deeper than ${depthMax}`);
    this.#at++;
    const value = read();
    this.#depth--;
    return value;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#fault();
    this.#at += word.length;
    return value;
  }

  #number(): Json {
    numberText.lastIndex = this.#at;
    const match = numberText.exec(this.#text);
    if (!match) throw this.#fault();
    this.#at = numberText.lastIndex;
    if (match[1] !== undefined || match[2] !== undefined) return new Fraction(match[0]);
    const value = Number(match[0]);
    return Number.isSafeInteger(value) ? value + 0 : BigInt(match[0]);
  }

  #string(): string {
    const text = this.#text;
    const start = ++this.#at;
    for (let at = start; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit === quote) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      if (unit === backslash || unit < 0x20) return this.#escapedString(start, at);
    }
    this.#at = text.length;
    throw this.#fault();
  }

  #escapedString(start: number, firstEscape: number): string {
    const text = this.#text;
    let result = text.slice(start, firstEscape);
    this.#at = firstEscape;
    while (this.#at < text.length) {
      const unit = text.charCodeAt(this.#at);
      if (unit < 0x20) break;
      if (unit === quote) {
        this.#at++;
        return result;
      }
      result += unit === backslash ? this.#escape() : text[this.#at++]!;
    }
    throw this.#fault();
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? '';
    const simple = simpleEscapes[letter];
    if (simple !== undefined) {
      this.#at += 2;
      return simple;
    }
    const hex = this.#text.slice(this.#at + 2, this.#at + 6);
    if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#fault();
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #array(): readonly Json[] {
    const items: Json[] = [];
    this.#blanks();
    if (this.#text[this.#at] === ']') {
      this.#at++;
      return items;
    }
    for (;;) {
      items.push(this.#value());
      if (this.#separator(']')) return items;
    }
  }

  #object(): ReadonlyMap<string, Json> {
    const entries = new Map<string, Json>();
    this.#blanks();
    if (this.#text[this.#at] === '}') {
      this.#at++;
      return entries;
    }
    for (;;) {
      this.#blanks();
      if (this.#text.charCodeAt(this.#at) !== quote) throw this.#fault();
      const name = this.#string();
      this.#blanks();
      if (this.#text[this.#at] !== ':') throw this.#fault();
      this.#at++;
      entries.set(name, this.#value());
      if (this.#separator('}')) return entries;
    }
  }

  /** Steps over a comma (false) or the end (true). */
  #separator(end: string): boolean {
    this.#blanks();
    const found = this.#text[this.#at++];
    if (found === end) return true;
    if (found === ',') return false;
    this.#at--;
    throw this.#fault();
  }
}

/** Reads a JSON text. Throws ConversionError, without showing the text. */
export function parseJson(text: string): Json {
  return new Parser(text).document();
}

/**
 * Where the JSON value that starts at `start` (a `{`) ends, exclusive: found by counting braces outside strings, so much faster than
 * reading it; -1 where it does not end.
 */
export function endOfObject(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) {
      do {
        at = text.indexOf('"', at + 1);
        if (at < 0) return -1;
      } while (isEscaped(text, at));
    } else if (unit === 0x7b) depth++;
    else if (unit === 0x7d && --depth === 0) return at + 1;
  }
  return -1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === backslash) backslashes++;
  return backslashes % 2 === 1;
}
