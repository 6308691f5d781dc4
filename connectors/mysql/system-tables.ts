import type { TableId } from '../debezium/table.ts';

const databases: ReadonlySet<string> = new Set(['mysql', 'performance_schema', 'sys', 'information_schema']);

/** The server's own databases (Debezium's BinlogConnectorConfig.isBuiltInDatabase). */
export function isSystemDatabase(name: string): boolean {
  return databases.has(name.toLowerCase());
}

export function isSystemTable({ catalog }: TableId): boolean {
  return isSystemDatabase(catalog);
}
