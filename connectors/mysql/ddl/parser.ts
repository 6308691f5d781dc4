import { parseAlterTable } from './alter-table.ts';
import { acceptCharset, acceptCollation, charsetOfCollation } from './charsets.ts';
import { parseCreateTable } from './create-table.ts';
import { TokenCursor, type WrittenName } from './cursor.ts';
import type { DdlDialect } from './dialect.ts';
import { parseSet } from './set-statement.ts';
import type { DdlAction, DdlStatement } from './statement.ts';
import { statementText } from './statement-text.ts';
import { parseKeyParts } from './table-parts.ts';
import { DdlSyntaxError, type Token, tokenize } from './tokens.ts';

/**
 * Reads what statements do to tables, and nothing else of them: a statement about anything else is `other` whatever it holds, one about a
 * table that cannot be read is `unreadable` and names the table. Never throws.
 */
export function parseDdl(sql: string, dialect: DdlDialect): readonly DdlStatement[] {
  let tokens: readonly Token[];
  try {
    tokens = tokenize(sql, dialect);
  } catch (error) {
    return [{ action: { kind: 'unreadable', table: null, reason: reasonOf(error) }, ddl: sql }];
  }
  const statements: DdlStatement[] = [];
  for (let start = 0; start < tokens.length - 1; ) {
    let end = start;
    while (end < tokens.length - 1 && tokens[end]!.raw !== ';') end++;
    if (end > start) {
      const action = parseStatement(new TokenCursor(tokens, start, end), sql, tokens.slice(start, end), dialect);
      statements.push({ action, ddl: statementText(sql, tokens.slice(start, end), dialect) });
      // A routine's body has semicolons of its own: the rest is no statement.
      if (action.kind === 'other' && seesBody(tokens.slice(start, end))) break;
    }
    start = end + 1;
  }
  return statements;
}

function reasonOf(error: unknown): string {
  if (error instanceof DdlSyntaxError) return error.message;
  throw error;
}

function seesBody(tokens: readonly Token[]): boolean {
  return tokens.some(({ upper, kind }) => kind === 'word' && (upper === 'BEGIN' || upper === 'PROCEDURE' || upper === 'FUNCTION'));
}

function parseStatement(cursor: TokenCursor, sql: string, tokens: readonly Token[], dialect: DdlDialect): DdlAction {
  // MariaDB: SET STATEMENT max_statement_time=10 FOR ALTER TABLE ...
  if (cursor.accept('SET', 'STATEMENT')) {
    while (!cursor.done && !cursor.accept('FOR')) cursor.next();
    return parseStatement(cursor, sql, tokens, dialect);
  }
  try {
    return parseAction(cursor, sql, tokens, dialect);
  } catch (error) {
    return { kind: 'unreadable', table: tableOf(tokens), reason: reasonOf(error) };
  }
}

const tableModifiers = new Set(['OR', 'REPLACE', 'ONLINE', 'OFFLINE', 'IGNORE']);

function parseAction(cursor: TokenCursor, sql: string, tokens: readonly Token[], dialect: DdlDialect): DdlAction {
  const verb = cursor.next().upper;
  const skipModifiers = () => {
    while (cursor.acceptAny(tableModifiers) !== null);
  };
  switch (verb) {
    case 'CREATE': {
      skipModifiers();
      if (cursor.accept('TABLE')) return parseCreateTable(cursor, dialect);
      if (cursor.accept('UNIQUE')) return parseCreateUniqueIndex(cursor);
      if (cursor.accept('DATABASE') || cursor.accept('SCHEMA')) return parseDatabase(cursor, 'create database');
      return { kind: 'other' };
    }
    case 'ALTER': {
      skipModifiers();
      if (cursor.accept('TABLE')) return parseAlterTable(cursor, dialect);
      if (cursor.accept('DATABASE') || cursor.accept('SCHEMA')) return parseDatabase(cursor, 'alter database');
      return { kind: 'other' };
    }
    case 'DROP': {
      if (cursor.accept('TABLE') || cursor.accept('TABLES')) return parseDropTable(cursor, sql, tokens);
      if (!cursor.accept('DATABASE') && !cursor.accept('SCHEMA')) return { kind: 'other' };
      cursor.accept('IF', 'EXISTS');
      return { kind: 'drop database', database: cursor.name('the name of a database') };
    }
    case 'RENAME':
      if (!cursor.accept('TABLE') && !cursor.accept('TABLES')) return { kind: 'other' };
      return parseRenameTable(cursor, sql, tokens, dialect);
    case 'TRUNCATE':
      cursor.accept('TABLE');
      return { kind: 'truncate', table: cursor.tableName() };
    case 'USE':
      return { kind: 'use', database: cursor.name('the name of a database') };
    case 'SET': {
      const variables = parseSet(cursor);
      return variables.length === 0 ? { kind: 'other' } : { kind: 'set', variables };
    }
    default:
      return { kind: 'other' };
  }
}

function parseCreateUniqueIndex(cursor: TokenCursor): DdlAction {
  while (!cursor.done && !cursor.accept('ON')) cursor.next();
  const table = cursor.tableName();
  return { kind: 'create unique index', table, columns: parseKeyParts(cursor) };
}

function parseDatabase(cursor: TokenCursor, kind: 'create database' | 'alter database'): DdlAction {
  if (kind === 'create database') cursor.accept('IF', 'NOT', 'EXISTS');
  // ALTER DATABASE without a name is about the current one.
  const named = kind === 'create database' || !['DEFAULT', 'CHARACTER', 'CHARSET', 'COLLATE'].includes(cursor.peek().upper);
  const database = named ? cursor.name('the name of a database') : null;
  let charsetName: string | null = null;
  while (!cursor.done) {
    const charset = acceptCharset(cursor);
    const collation = charset === null ? acceptCollation(cursor) : null;
    if (charset !== null) charsetName = charset;
    else if (collation !== null) charsetName ??= charsetOfCollation(collation);
    else cursor.next();
  }
  return { kind, database, charsetName };
}

/** The statement up to a table's name is repeated for each, with the name in full (DropTableParserListener). */
function parseDropTable(cursor: TokenCursor, sql: string, tokens: readonly Token[]): DdlAction {
  cursor.accept('IF', 'EXISTS');
  const prefix = sql.slice(tokens[0]!.start, cursor.peek().start);
  const tables: WrittenName[] = [];
  do tables.push(cursor.tableName());
  while (cursor.symbol(','));
  const suffix = cursor.accept('RESTRICT') ? ' RESTRICT' : cursor.accept('CASCADE') ? ' CASCADE' : '';
  return { kind: 'drop table', tables, prefix, suffix };
}

function parseRenameTable(cursor: TokenCursor, sql: string, tokens: readonly Token[], dialect: DdlDialect): DdlAction {
  cursor.accept('IF', 'EXISTS');
  const prefix = sql.slice(tokens[0]!.start, cursor.peek().start);
  const pairs: { from: WrittenName; to: WrittenName; ddl: string }[] = [];
  do {
    const first = tokens.indexOf(cursor.peek());
    const from = cursor.tableName();
    if (cursor.accept('WAIT')) cursor.next();
    else cursor.accept('NOWAIT');
    if (!cursor.accept('TO')) throw cursor.unexpected('TO');
    const to = cursor.tableName();
    const behind = cursor.done ? tokens.length : tokens.indexOf(cursor.peek());
    pairs.push({ from, to, ddl: prefix + statementText(sql, tokens.slice(first, behind), dialect) });
  } while (cursor.symbol(','));
  return { kind: 'rename table', pairs };
}

/** The table of a statement that cannot be read: the name that follows TABLE. */
function tableOf(tokens: readonly Token[]): WrittenName | null {
  const at = tokens.findIndex(({ kind, upper }) => kind === 'word' && upper === 'TABLE');
  if (at < 0) return null;
  const words = tokens.slice(at + 1);
  const start = words.findIndex(({ upper, kind }) => !(kind === 'word' && ['IF', 'NOT', 'EXISTS'].includes(upper)));
  const [first, dot, second] = words.slice(start);
  if (first === undefined || (first.kind !== 'word' && first.kind !== 'name')) return null;
  if (dot?.raw !== '.' || second === undefined) return { database: null, table: first.value };
  return { database: first.value, table: second.value };
}
