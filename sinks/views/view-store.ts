import type { PluginContext } from '../../src/contract/index.ts';
import type { ViewsConfig } from './options.ts';
import { PostgresViewStore } from './postgres/postgres-store.ts';
import { SqliteViewStore } from './sqlite/sqlite-store.ts';
import type { ViewStore } from './store.ts';

/** The schema of a connector's base rows; null in SQLite. */
export function rowsSchemaOf({ address, rowsSchema }: ViewsConfig, connector: string): string | null {
  if (address.kind === 'sqlite') return null;
  return rowsSchema ?? `sluice_${connector.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}`.slice(0, 63);
}

/** Does no I/O yet. The caller disposes of it. */
export function viewStore(config: ViewsConfig, { connector, clock }: PluginContext): ViewStore {
  const nowMs = () => clock.nowMs();
  const { address, viewSchema } = config;
  if (address.kind === 'sqlite') return new SqliteViewStore(address.file, nowMs);
  return new PostgresViewStore(address, rowsSchemaOf(config, connector)!, viewSchema, nowMs);
}
