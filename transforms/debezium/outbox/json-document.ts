/**
 * A JSON document with what JSON.parse loses and a schema needs: the order of members, and whether a number is an integer and of what size.
 * Integers beyond 64 bits are `big`.
 */
export type JsonNode =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'int32'; readonly value: number }
  | { readonly kind: 'int64'; readonly value: bigint }
  | { readonly kind: 'big' }
  | { readonly kind: 'float64'; readonly value: number }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, JsonNode> };

/** Jackson's limit. */
const depthMax = 1_000;

const whitespace = /[ \t\n\r]*/y;
const numberToken = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const wordToken = /true|false|null/y;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonNode {
    if (depth > depthMax) throw new Error(`nested deeper than ${depthMax}`);
    this.#take(whitespace);
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    if (first === '"') return { kind: 'string', value: this.#string() };
    const word = this.#take(wordToken);
    if (word) return word[0] === 'null' ? { kind: 'null' } : { kind: 'boolean', value: word[0] === 'true' };
    const number = this.#take(numberToken);
    if (!number) throw this.#fault();
    return numberNode(number[0], number[1] === undefined && number[2] === undefined);
  }

  /** No part of the text: it may be anybody's data. */
  #fault(): Error {
    return new Error(`not JSON at character ${this.#at}`);
  }

  #take(token: RegExp): RegExpExecArray | null {
    token.lastIndex = this.#at;
    const match = token.exec(this.#text);
    if (match) this.#at += match[0].length;
    return match;
  }

  /** Takes one of the characters, after blanks. */
  #mark(marks: string): string {
    this.#take(whitespace);
    const mark = this.#text[this.#at] ?? '';
    if (mark === '' || !marks.includes(mark)) throw this.#fault();
    this.#at++;
    return mark;
  }

  #next(mark: string): boolean {
    this.#take(whitespace);
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  /** Finds the closing quote and leaves escapes to JSON.parse, whose message is not passed on: it shows the text. */
  #string(): string {
    if (this.#text[this.#at] !== '"') throw this.#fault();
    let end = this.#text.indexOf('"', this.#at + 1);
    while (end >= 0 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1);
    if (end < 0) throw this.#fault();
    const token = this.#text.slice(this.#at, end + 1);
    try {
      const text: unknown = JSON.parse(token);
      this.#at = end + 1;
      return String(text);
    } catch {
      throw this.#fault();
    }
  }

  /** Whether an odd number of backslashes stands before this character of a string. */
  #isEscaped(at: number): boolean {
    let backslashes = 0;
    while (this.#text[at - 1 - backslashes] === '\\') backslashes++;
    return backslashes % 2 === 1;
  }

  #array(depth: number): JsonNode {
    this.#mark('[');
    const items: JsonNode[] = [];
    if (this.#next(']')) return { kind: 'array', items };
    do items.push(this.value(depth + 1));
    while (this.#mark(',]') === ',');
    return { kind: 'array', items };
  }

  #object(depth: number): JsonNode {
    this.#mark('{');
    const members = new Map<string, JsonNode>();
    if (this.#next('}')) return { kind: 'object', members };
    do {
      this.#take(whitespace);
      const name = this.#string();
      this.#mark(':');
      members.set(name, this.value(depth + 1));
    } while (this.#mark(',}') === ',');
    return { kind: 'object', members };
  }
}

function numberNode(text: string, integer: boolean): JsonNode {
  if (!integer) return { kind: 'float64', value: Number(text) };
  const value = BigInt(text);
  if (BigInt.asIntN(32, value) === value) return { kind: 'int32', value: Number(value) };
  return BigInt.asIntN(64, value) === value ? { kind: 'int64', value } : { kind: 'big' };
}

/**
 * Reads the JSON document that a text starts with; what follows it is not looked at (as Jackson's readTree does). A name that comes twice
 * has its last value at its first place. Throws an Error, which does not show the text.
 */
export function readJsonDocument(text: string): JsonNode {
  return new Reader(text).value(0);
}
