import type { TokenCursor } from './cursor.ts';

/** `CHARACTER SET x`, `CHARSET = x`, `CHAR SET x`; null where none comes next. */
export function acceptCharset(cursor: TokenCursor): string | null {
  if (!cursor.accept('CHARACTER', 'SET') && !cursor.accept('CHAR', 'SET') && !cursor.accept('CHARSET')) return null;
  cursor.symbol('=');
  return cursor.nameOrText('the name of a character set');
}

/** `COLLATE x`; null where none comes next. */
export function acceptCollation(cursor: TokenCursor): string | null {
  if (!cursor.accept('COLLATE')) return null;
  cursor.symbol('=');
  return cursor.nameOrText('the name of a collation');
}

/**
 * The character set a collation belongs to: its name begins with it. null where the name does not say: MariaDB's `uca1400_ai_ci` is one
 * of whatever character set holds there.
 */
export function charsetOfCollation(collation: string): string | null {
  const name = collation.toLowerCase();
  if (name === 'default' || name.startsWith('uca1400')) return null;
  return name.split('_')[0] ?? null;
}
