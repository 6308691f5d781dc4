import type { DdlDialect } from './dialect.ts';
import type { Token } from './tokens.ts';

/**
 * A statement's text from its first to its last token, as Debezium publishes it: for MySQL with texts in double quotes put into single
 * ones (DdlNormalizer).
 */
export function statementText(sql: string, tokens: readonly Token[], { server, ansiQuotes }: DdlDialect): string {
  const [first] = tokens;
  if (first === undefined) return '';
  let text = '';
  let from = first.start;
  for (const { kind, raw, value, start, end } of tokens) {
    if (kind !== 'text' || !raw.startsWith('"') || server !== 'mysql' || ansiQuotes) continue;
    text += `${sql.slice(from, start)}'${value.replaceAll("'", "''")}'`;
    from = end;
  }
  return text + sql.slice(from, tokens.at(-1)!.end);
}
