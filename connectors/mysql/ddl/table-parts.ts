import { acceptCharset, acceptCollation, charsetOfCollation } from './charsets.ts';
import { parseColumnDefinition } from './column-definition.ts';
import type { TokenCursor } from './cursor.ts';
import type { DdlDialect } from './dialect.ts';
import type { KeyDefinition, Place, TableElement, TableOptions } from './statement.ts';

/** The parts of a key, in their order: `(a, b(10) DESC, (lower(c)))`. An expression is null. */
export function parseKeyParts(cursor: TokenCursor): readonly (string | null)[] {
  cursor.expectSymbol('(');
  const columns: (string | null)[] = [];
  do {
    if (cursor.skipGroup()) columns.push(null);
    else columns.push(cursor.name('the name of a column'));
    cursor.skipItem();
  } while (cursor.symbol(','));
  cursor.expectSymbol(')');
  return columns;
}

/** Words that begin something other than a column. Where a column has such a name, the words behind it tell. */
const keyWords = new Set([
  'PRIMARY',
  'UNIQUE',
  'KEY',
  'INDEX',
  'FULLTEXT',
  'SPATIAL',
  'VECTOR',
  'FOREIGN',
  'CHECK',
  'CONSTRAINT',
  'PERIOD',
]);

/** Whether a key, a constraint or a period stands here, and no column. */
export function seesConstraint(cursor: TokenCursor): boolean {
  const { kind, upper } = cursor.peek();
  if (kind !== 'word' || !keyWords.has(upper)) return false;
  if (upper === 'PERIOD') return cursor.sees('PERIOD', 'FOR');
  // MariaDB's `VECTOR (v)`, `VECTOR INDEX`: else a column of that name, or MySQL's type.
  if (upper === 'VECTOR') return cursor.peek(1).raw === '(' || cursor.sees('VECTOR', 'INDEX') || cursor.sees('VECTOR', 'KEY');
  return true;
}

/** A key or constraint; null where it is none that may become a table's key. Ends before a comma or a closing parenthesis. */
export function parseConstraint(cursor: TokenCursor): KeyDefinition | null {
  if (cursor.accept('CONSTRAINT') && !seesConstraint(cursor)) cursor.next();
  let kind: KeyDefinition['kind'] | null = null;
  if (cursor.accept('PRIMARY', 'KEY')) kind = 'primary';
  else if (cursor.accept('UNIQUE')) {
    kind = 'unique';
    if (!cursor.accept('KEY')) cursor.accept('INDEX');
  }
  if (kind === null) {
    cursor.skipItem();
    return null;
  }
  // Its name and type: UNIQUE KEY IF NOT EXISTS `name` USING BTREE (...).
  while (!cursor.done && cursor.peek().raw !== '(') cursor.next();
  const columns = parseKeyParts(cursor);
  cursor.skipItem();
  return { kind, columns };
}

/** What stands in the parentheses of CREATE TABLE and of ADD (...), the opening one being read. */
export function parseElements(cursor: TokenCursor, dialect: DdlDialect): readonly TableElement[] {
  const elements: TableElement[] = [];
  do {
    if (seesConstraint(cursor)) {
      const key = parseConstraint(cursor);
      if (key !== null) elements.push({ key });
    } else {
      const name = cursor.name('the name of a column');
      elements.push({ column: parseColumnDefinition(cursor, name, dialect) });
    }
  } while (cursor.symbol(','));
  cursor.expectSymbol(')');
  return elements;
}

/** A table's options up to where something else begins: a comma of ALTER TABLE, PARTITION BY, AS, SELECT. */
export function parseTableOptions(cursor: TokenCursor): TableOptions {
  let charsetName: string | null = null;
  let comment: string | null = null;
  while (!cursor.done && !cursor.sees('PARTITION') && !cursor.sees('AS') && !cursor.sees('SELECT') && !cursor.sees('WITH')) {
    const charset = acceptCharset(cursor);
    if (charset !== null) {
      charsetName = charset;
      continue;
    }
    const collation = acceptCollation(cursor);
    if (collation !== null) charsetName ??= charsetOfCollation(collation);
    else if (cursor.accept('COMMENT')) {
      cursor.symbol('=');
      comment = cursor.nameOrText('a comment');
    } else if (cursor.peek().raw === ',' || cursor.peek().raw === ')') break;
    else if (!cursor.skipGroup()) cursor.next();
  }
  return { charsetName, comment };
}

/** FIRST, AFTER `column`, or neither. */
export function parsePlace(cursor: TokenCursor): Place {
  if (cursor.accept('FIRST')) return 'first';
  if (cursor.accept('AFTER')) return { after: cursor.name('the name of a column') };
  return null;
}
