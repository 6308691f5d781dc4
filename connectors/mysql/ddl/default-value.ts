import type { TokenCursor } from './cursor.ts';
import type { DefaultValue } from './statement.ts';
import type { Token } from './tokens.ts';

/** What Debezium takes the present for: it knows no other default that moves. */
const epoch = '1970-01-01 00:00:00';
const present = new Set(['CURRENT_TIMESTAMP', 'NOW', 'LOCALTIME', 'LOCALTIMESTAMP']);

/** Words that begin an attribute: an unparenthesized expression of MariaDB ends before them. */
const attributes = new Set([
  ...['NOT', 'NULL', 'ON', 'COMMENT', 'UNIQUE', 'PRIMARY', 'KEY', 'CHECK', 'CONSTRAINT', 'INVISIBLE', 'VISIBLE', 'COLLATE', 'FIRST'],
  ...['AFTER', 'AUTO_INCREMENT', 'REFERENCES', 'WITH', 'WITHOUT', 'COMPRESSED', 'STORAGE', 'COLUMN_FORMAT', 'GENERATED'],
]);

/** What stands behind DEFAULT, as the model holds it. */
export function parseDefault(cursor: TokenCursor): DefaultValue {
  if (cursor.skipGroup()) return { expression: null };
  const sign = cursor.symbol('-') ? '-' : cursor.symbol('+') ? '+' : '';
  const token = cursor.next();
  if (token.kind === 'text') return { expression: sign + literal(cursor, token) };
  if (token.kind === 'number') return { expression: sign + numeral(token.raw) };
  if (token.upper === 'NULL') return { expression: null };
  if (token.upper === 'TRUE' || token.upper === 'FALSE') return { expression: token.raw };
  if (present.has(token.upper)) {
    cursor.skipGroup();
    return { expression: epoch };
  }
  // An introducer (_utf8mb4'x'), or DATE'2020-01-01' and its like.
  if (token.kind === 'word' && cursor.peek().kind === 'text') {
    const text = cursor.next();
    if (token.raw.startsWith('_')) return { expression: literal(cursor, text) };
    return { expression: `${token.raw}${text.raw}` };
  }
  skipExpression(cursor);
  return { expression: null };
}

/** A text as written; texts side by side are one. Of `b'101'` and `x'0F'` what is between the quotes. */
function literal(cursor: TokenCursor, first: Token): string {
  let value = first.value;
  while (cursor.peek().kind === 'text') value += cursor.next().value;
  // A character set's collation may follow: DEFAULT 'a' COLLATE utf8mb4_bin is read as the column's attribute.
  return value;
}

/** 0b101 and 0x0F are b'101' and x'0F', of which Debezium keeps all but the first two characters and the last. */
function numeral(raw: string): string {
  return /^0[bx]/i.test(raw) ? raw.slice(2) : raw;
}

function skipExpression(cursor: TokenCursor): void {
  while (!cursor.done) {
    const { kind, raw, upper } = cursor.peek();
    if (kind === 'symbol' && (raw === ',' || raw === ')')) return;
    if (kind === 'word' && attributes.has(upper)) return;
    if (!cursor.skipGroup()) cursor.next();
  }
}
