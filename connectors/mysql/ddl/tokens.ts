import type { DdlDialect } from './dialect.ts';

/**
 * A token of a statement. `word`: an unquoted name or keyword; `name`: a quoted name; `text`: a string literal; `number`; `symbol`: one
 * character, or `:=`; `end`: behind the last.
 */
export type Token = {
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'symbol' | 'end';
  /** As it stands in the statement. */
  readonly raw: string;
  /** Of a word: in upper case, for keywords; else as `raw`. */
  readonly upper: string;
  /**
   * Of a name: without its quotes, doubled ones halved. Of a text: what is between the quotes, as written. Else as `raw`.
   */
  readonly value: string;
  /** Place in the statement, `end` exclusive. */
  readonly start: number;
  readonly end: number;
};

/** A statement that cannot be read. The message names the place, never the statement's texts. */
export class DdlSyntaxError extends Error {
  override readonly name = 'DdlSyntaxError';
}

const space = /[\s\u0000-\u0020]+/y;
/** A name may begin with a digit, but is no number. */
const number = /(?:0[xX][0-9a-fA-F]+|0b[01]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![A-Za-z0-9_$\u0080-\uffff])/y;
const word = /[A-Za-z0-9_$\u0080-\uffff]+/y;
/** `b'101'`, `x'0F'`, `N'text'`. */
const prefixedText = /[bBxXnN](?=')/y;
const commentVersion = /\d{5,6}/y;

/**
 * Whether the server runs what a comment of that kind holds. MariaDB leaves to MySQL what MySQL's versions 5.7 and newer brought; both run
 * a comment without version. The server's own version is not asked: it wrote the statement, and writes no more than it runs.
 */
function runs(dialect: DdlDialect, mark: '!' | 'M!', version: string): boolean {
  if (dialect.server === 'mysql') return mark === '!' && Number(version) < 1_000_00;
  return mark === 'M!' || !(Number(version) >= 50_700 && Number(version) < 1_000_00);
}

/** Cuts a statement (or several) into tokens; comments are left out, what the server runs of them is not. Throws DdlSyntaxError. */
export function tokenize(sql: string, dialect: DdlDialect): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let insideComment = false;
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0] ?? null;
  };
  const push = (kind: Token['kind'], start: number, value?: string) => {
    const raw = sql.slice(start, at);
    tokens.push({ kind, raw, upper: kind === 'word' ? raw.toUpperCase() : raw, value: value ?? raw, start, end: at });
  };
  const skipTo = (text: string, from: number, what: string) => {
    const found = sql.indexOf(text, from);
    if (found < 0) throw new DdlSyntaxError(`${what} at character ${at} has no end`);
    at = found + text.length;
  };
  while (at < sql.length) {
    const start = at;
    const blank = match(space);
    if (blank !== null) {
      at += blank.length;
      continue;
    }
    const char = sql[at]!;
    if (char === '#' || (char === '-' && sql[at + 1] === '-' && /\s|^$/.test(sql.charAt(at + 2)))) {
      const line = sql.indexOf('\n', at);
      at = line < 0 ? sql.length : line + 1;
      continue;
    }
    if (char === '*' && sql[at + 1] === '/' && insideComment) {
      insideComment = false;
      at += 2;
      continue;
    }
    if (char === '/' && sql[at + 1] === '*') {
      const mark = sql[at + 2] === '!' ? '!' : sql.startsWith('M!', at + 2) ? 'M!' : null;
      const bodyStart = at + 2 + (mark?.length ?? 0);
      commentVersion.lastIndex = bodyStart;
      const version = commentVersion.exec(sql)?.[0] ?? '';
      if (mark !== null && runs(dialect, mark, version)) {
        insideComment = true;
        at = bodyStart + version.length;
      } else skipTo('*/', at + 2, 'The comment');
      continue;
    }
    if (char === '`' || (char === '"' && dialect.ansiQuotes)) {
      at = quotedEnd(sql, at, char, true);
      push('name', start, sql.slice(start + 1, at - 1).replaceAll(char + char, char));
      continue;
    }
    const prefix = match(prefixedText);
    const quote = start + (prefix?.length ?? 0);
    if (sql[quote] === "'" || (prefix === null && char === '"')) {
      at = quotedEnd(sql, quote, sql[quote]!, dialect.noBackslashEscapes);
      push('text', start, sql.slice(quote + 1, at - 1));
      continue;
    }
    // Behind a dot stands a name, whatever it looks like: `db.1st`.
    const numeral = tokens.at(-1)?.raw === '.' && tokens.at(-1)?.end === at ? null : match(number);
    const name = numeral ?? match(word);
    at += name === null ? (sql.startsWith(':=', at) ? 2 : 1) : name.length;
    push(numeral !== null ? 'number' : name !== null ? 'word' : 'symbol', start);
  }
  push('end', at);
  return tokens;
}

/** Behind the quote that ends what the quote at `start` begins. */
function quotedEnd(sql: string, start: number, quote: string, literalBackslash: boolean): number {
  for (let at = start + 1; at < sql.length; at++) {
    if (sql[at] === '\\' && !literalBackslash) at++;
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return at + 1;
      at++;
    }
  }
  throw new DdlSyntaxError(`What the quote at character ${start} begins has no end`);
}
