import { DdlSyntaxError, type Token } from './tokens.ts';

/** A table's name as a statement writes it; `database` is null where it does not say. */
export type WrittenName = { readonly database: string | null; readonly table: string };

/** Walks over the tokens of one statement. */
export class TokenCursor {
  readonly #tokens: readonly Token[];
  #at: number;
  /** Index behind the last token of the statement. */
  readonly #end: number;
  readonly #endToken: Token;

  /** Of the tokens [at, end); the token at `end` must exist (`end`, or the semicolon). */
  constructor(tokens: readonly Token[], at: number, end: number) {
    this.#tokens = tokens;
    this.#at = at;
    this.#end = end;
    const behind = tokens[end]!;
    this.#endToken = { kind: 'end', raw: '', upper: '', value: '', start: behind.start, end: behind.start };
  }

  /** The token `ahead` places on. */
  peek(ahead = 0): Token {
    const index = this.#at + ahead;
    return index < this.#end ? this.#tokens[index]! : this.#endToken;
  }

  next(): Token {
    const token = this.peek();
    if (this.#at < this.#end) this.#at++;
    return token;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** The token before the next one. */
  get last(): Token {
    return this.#tokens[this.#at - 1] ?? this.#endToken;
  }

  /** Whether these words come next, without taking them. */
  sees(...words: readonly string[]): boolean {
    return words.every((expected, index) => isWord(this.peek(index), expected));
  }

  /** Takes these words where they come next. */
  accept(...words: readonly string[]): boolean {
    if (!this.sees(...words)) return false;
    this.#at += words.length;
    return true;
  }

  /** Takes one of the words; null where none comes next. */
  acceptAny(words: ReadonlySet<string>): string | null {
    const { kind, upper } = this.peek();
    if (kind !== 'word' || !words.has(upper)) return null;
    this.#at++;
    return upper;
  }

  /** Takes a symbol where it comes next. */
  symbol(symbol: string): boolean {
    const token = this.peek();
    if (token.kind !== 'symbol' || token.raw !== symbol) return false;
    this.#at++;
    return true;
  }

  expectSymbol(symbol: string): void {
    if (!this.symbol(symbol)) throw this.unexpected(`"${symbol}"`);
  }

  /** A name, quoted or not. */
  name(what: string): string {
    const token = this.peek();
    if (token.kind !== 'word' && token.kind !== 'name') throw this.unexpected(what);
    this.#at++;
    return token.value;
  }

  /** A name, or one written as a text (`CHARACTER SET 'utf8'`). */
  nameOrText(what: string): string {
    if (this.peek().kind === 'text') return this.next().value;
    return this.name(what);
  }

  /** `table`, `database.table` or (an old form) `.table`. */
  tableName(): WrittenName {
    this.symbol('.');
    const first = this.name('the name of a table');
    return this.symbol('.') ? { database: first, table: this.name('the name of a table') } : { database: null, table: first };
  }

  /** Skips a group in parentheses, where one begins here. */
  skipGroup(): boolean {
    if (!this.symbol('(')) return false;
    let depth = 1;
    while (depth > 0) {
      if (this.done) throw this.unexpected('")"');
      const token = this.next();
      if (token.kind !== 'symbol') continue;
      if (token.raw === '(') depth++;
      else if (token.raw === ')') depth--;
    }
    return true;
  }

  /** Skips to the next comma or closing parenthesis of this depth, or to the end. */
  skipItem(): void {
    while (!this.done) {
      const { kind, raw } = this.peek();
      if (kind === 'symbol' && (raw === ',' || raw === ')')) return;
      if (!this.skipGroup()) this.next();
    }
  }

  unexpected(expected: string): DdlSyntaxError {
    const { kind, start } = this.peek();
    return new DdlSyntaxError(
      kind === 'end' ? `The statement ends where ${expected} is expected` : `At character ${start} is no ${expected}`,
    );
  }
}

function isWord(token: Token, expected: string): boolean {
  return token.kind === 'word' && token.upper === expected;
}
