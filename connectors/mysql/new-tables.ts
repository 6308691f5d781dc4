import type { AddedTables } from '../debezium/added-tables.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { listTables } from './server.ts';
import type { Session } from './session.ts';
import type { MysqlSettings, RecordMakers } from './settings.ts';
import { keyColumnsOf } from './snapshot-key.ts';
import { readSnapshotSchema } from './snapshot-schema.ts';
import type { SnapshotStatement } from './snapshot-statements.ts';

export type NewTablesParts = {
  readonly session: Session;
  readonly settings: Pick<MysqlSettings, 'snapshot' | 'signals'>;
  readonly makers: Pick<RecordMakers, 'includesTable'>;
  readonly added: AddedTables;
};

/**
 * Looks for tables that were added to the lists since the last start; `all`: this start reads every table, or none. The binlog has their changes from the
 * stored position on whatever was captured then, so a chunk that is read from now on lacks nothing. Answers the statements that make those which the
 * schema history does not know (`schema.history.internal.store.only.captured.tables.ddl`).
 */
export async function findAdded({ session, settings, makers, added }: NewTablesParts, all: boolean): Promise<readonly SnapshotStatement[]> {
  const { snapshot, signals } = settings;
  const captured = (await listTables(session.client)).filter(({ id }) => makers.includesTable(id));
  const found = captured.map(({ id, rowsEstimated }) => {
    const name = qualifiedName(id);
    const isRead = snapshot.readsNewTables && snapshot.includesTable(id) && name !== signals.table;
    return { name, rowsEstimated: rowsEstimated < 0 ? null : rowsEstimated, isRead };
  });
  const isAdded = new Set(added.find(found, all).map(({ name }) => name));
  const keyless: string[] = [];
  const unknown: SnapshotStatement[] = [];
  for (const table of captured.filter(({ id }) => isAdded.has(qualifiedName(id)))) {
    const statements = await readSnapshotSchema(session.client, [table]);
    const model = session.modelsOf(statements).table(table.id);
    if (model === null || keyColumnsOf(model) === null) keyless.push(qualifiedName(table.id));
    // The others make its database anew.
    if (session.schema.models.table(table.id) === null) unknown.push(statements.at(-1)!);
  }
  added.setKeyless(keyless);
  return unknown;
}
