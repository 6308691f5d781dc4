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
