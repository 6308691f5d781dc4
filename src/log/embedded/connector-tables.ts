import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { JsonObject, SourceOffset, StoredConnector, TargetState } from '../../contract/index.ts';
import { identityText } from './json-identity.ts';
import type { ChangeRequest } from './protocol.ts';

/** Source offsets, written in the transaction of the records they cover (invariant 1). */
export class OffsetTable {
  readonly #put: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare(
      'insert into source_offsets values (?, ?, ?) on conflict (connector, partition) do update set "offset" = excluded."offset"',
    );
    this.#delete = database.prepare('delete from source_offsets where connector = ? and partition = ?');
  }

  put(connector: string, offsets: readonly SourceOffset[]): void {
    for (const { partition, offset } of offsets) {
      if (offset === null) this.#delete.run(connector, identityText(partition));
      else this.#put.run(connector, identityText(partition), JSON.stringify(offset));
    }
  }
}

/** A connector's offsets as the file has them. */
export function readOffsets(database: DatabaseSync, connector: string): readonly SourceOffset[] {
  const rows = database.prepare('select partition, "offset" from source_offsets where connector = ? order by partition').all(connector);
  return rows.map(row => ({
    partition: JSON.parse(String(row['partition'])) as JsonObject,
    offset: JSON.parse(String(row['offset'])) as JsonObject,
  }));
}

/** All connectors as the file has them. */
export function readConnectors(database: DatabaseSync): readonly StoredConnector[] {
  const rows = database.prepare('select name, config, target_state from connectors order by name').all();
  return rows.map(row => ({
    name: String(row['name']),
    config: JSON.parse(String(row['config'])) as Readonly<Record<string, string>>,
    targetState: String(row['target_state']) as TargetState,
  }));
}

export function readActiveTopics(database: DatabaseSync, connector: string): readonly string[] {
  const rows = database.prepare('select topic from active_topics where connector = ? order by topic').all(connector);
  return rows.map(row => String(row['topic']));
}

/** The changes of connectors that are nothing but rows. */
export type ConnectorChange = Extract<
  ChangeRequest,
  { kind: 'putConfig' | 'putTargetState' | 'remove' | 'addActiveTopics' | 'resetActiveTopics' | 'putStatus' }
>;

/** Applies one change, within the caller's transaction. */
export function changeConnector(database: DatabaseSync, change: ConnectorChange): void {
  const { name } = change;
  switch (change.kind) {
    case 'putConfig':
      database
        .prepare(
          `insert into connectors values (?1, ?2, coalesce(?3, 'STARTED'))
           on conflict (name) do update set config = excluded.config, target_state = coalesce(?3, target_state)`,
        )
        .run(name, JSON.stringify(change.config), change.targetState);
      return;
    case 'putTargetState':
      database.prepare('update connectors set target_state = ? where name = ?').run(change.state, name);
      return;
    case 'remove':
      database.prepare('delete from connectors where name = ?').run(name);
      database.prepare('delete from statuses where connector = ?').run(name);
      return;
    case 'addActiveTopics': {
      const insert = database.prepare('insert into active_topics values (?, ?) on conflict do nothing');
      for (const topic of change.topics) insert.run(name, topic);
      return;
    }
    case 'resetActiveTopics':
      database.prepare('delete from active_topics where connector = ?').run(name);
      return;
    case 'putStatus':
      // The connector itself stands as task -1.
      database
        .prepare('insert into statuses values (?, ?, ?, ?) on conflict do update set state = excluded.state, trace = excluded.trace')
        .run(name, change.task ?? -1, change.state, change.trace);
  }
}
