import { type PatternList, patternList } from './patterns.ts';
import type { TableDefinition } from './table.ts';
import { qualifiedName } from './table-name.ts';

/** `message.key.columns`: columns that make the key of the tables they match. Each entry is one column of one pattern of tables. */
export type MessageKeys = readonly PatternList[];

const entryPattern = /^\s*([^:]+):([^:,]+(?:,[^:,]+)*)\s*$/;

/**
 * Reads `schema.table:column,column;(.*).orders:column`. Table and column together are one pattern. Throws an Error that completes
 * `Invalid value ...: `.
 */
export function messageKeys(text: string): MessageKeys {
  if (text === '') throw new Error('Must not be empty');
  return text
    .split(';')
    .filter(entry => entry !== '')
    .flatMap(entry => {
      const match = entryPattern.exec(entry);
      if (!match) throw new Error(`${entry} has an invalid format (expecting 'table:column,column')`);
      const [, table = '', columns = ''] = match;
      return columns.split(',').map(column => patternList(`${table}.${column.trim()}`));
    });
}

/** Names of the columns that make the key, in the key's order: those the option names for this table, else the primary key's. */
export function keyColumns(keys: MessageKeys, { id, columns, primaryKey }: TableDefinition): readonly string[] {
  const chosen = keys.flatMap(key => columns.filter(({ name }) => key.matches(`${qualifiedName(id)}.${name}`)).map(({ name }) => name));
  return chosen.length > 0 ? [...new Set(chosen)] : primaryKey;
}
