/** How a server writes DDL, as far as reading it depends on that. */
export type DdlDialect = {
  readonly server: 'mysql' | 'mariadb';
  /** sql_mode has ANSI_QUOTES: what stands in double quotes is a name, not a text. */
  readonly ansiQuotes: boolean;
  /** sql_mode has NO_BACKSLASH_ESCAPES: a backslash in a text is a backslash. */
  readonly noBackslashEscapes: boolean;
};

/** What `sql_mode` says of reading DDL; null: not known, taken for the server's default. */
export function ddlDialect(server: DdlDialect['server'], sqlMode: string | null): DdlDialect {
  const modes = new Set((sqlMode ?? '').toUpperCase().split(','));
  // The combination modes are expanded by the server itself, but a statement may set them by name.
  const ansiQuotes = ['ANSI_QUOTES', 'ANSI', 'DB2', 'MAXDB', 'MSSQL', 'ORACLE', 'POSTGRESQL'].some(mode => modes.has(mode));
  return { server, ansiQuotes, noBackslashEscapes: modes.has('NO_BACKSLASH_ESCAPES') };
}

/** Bits of sql_mode as the binlog has them (sql/sql_const.h, MODE_...); the same in MariaDB. */
const ansiQuotesBit = 1n << 2n;
const noBackslashEscapesBit = 1n << 20n;

/** The dialect of one statement, by the sql_mode its session had. */
export function dialectOfMode({ server }: DdlDialect, sqlMode: bigint): DdlDialect {
  return { server, ansiQuotes: (sqlMode & ansiQuotesBit) !== 0n, noBackslashEscapes: (sqlMode & noBackslashEscapesBit) !== 0n };
}
