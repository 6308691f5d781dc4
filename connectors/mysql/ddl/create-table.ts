import type { TokenCursor } from './cursor.ts';
import type { DdlDialect } from './dialect.ts';
import type { DdlAction, TableElement } from './statement.ts';
import { parseElements, parseTableOptions } from './table-parts.ts';

/** `CREATE [OR REPLACE] TABLE` being read. */
export function parseCreateTable(cursor: TokenCursor, dialect: DdlDialect): DdlAction {
  const ifNotExists = cursor.accept('IF', 'NOT', 'EXISTS');
  const table = cursor.tableName();
  const base = { kind: 'create table', table, ifNotExists, options: { charsetName: null, comment: null } } as const;
  if (cursor.accept('LIKE')) return { ...base, like: cursor.tableName(), elements: [], select: false };
  let elements: readonly TableElement[] = [];
  if (cursor.symbol('(')) {
    if (cursor.accept('LIKE')) return { ...base, like: cursor.tableName(), elements: [], select: false };
    // The query may stand in parentheses.
    if (cursor.sees('SELECT') || cursor.peek().raw === '(') return { ...base, like: null, elements, select: true };
    elements = parseElements(cursor, dialect);
  }
  let options = parseTableOptions(cursor);
  // Options may be cut by commas; PARTITION BY may stand before AS SELECT; WITH SYSTEM VERSIONING is one of MariaDB's options.
  while (cursor.symbol(',') || cursor.accept('WITH', 'SYSTEM')) {
    const more = parseTableOptions(cursor);
    options = { charsetName: more.charsetName ?? options.charsetName, comment: more.comment ?? options.comment };
  }
  let select = elements.length === 0;
  while (!select && !cursor.done) {
    select = cursor.sees('SELECT') || cursor.sees('AS');
    if (!cursor.skipGroup()) cursor.next();
  }
  return { ...base, like: null, elements, options, select };
}
