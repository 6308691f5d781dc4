import type { ReplayedStates } from '../../src/contract/index.ts';
import type { AppliedOffset } from '../sql/postgres-offsets.ts';
import type { JdbcConfig } from './options.ts';
import type { RecordAction } from './record-rows.ts';

/**
 * Those of a replay's records that are what the tables should hold of their keys: applied by the live flow, and not followed by a later one since.
 * What the live flow has not come to yet, it brings itself. The offsets are held, so that this stays so until the transaction's end; so rows can
 * be written whatever versions are kept of their keys.
 */
export async function currentStates(
  actions: readonly RecordAction[],
  { superseded }: ReplayedStates,
  offsets: readonly AppliedOffset[],
): Promise<readonly RecordAction[]> {
  const reached = new Map(offsets.map(({ topic, partition, version }) => [`${topic}-${partition}`, version]));
  const asked = actions.flatMap(action => {
    const { record, kind } = action;
    const upTo = reached.get(`${record.place.topic}-${record.place.partition}`) ?? null;
    // A truncation is no key's state.
    return upTo === null || upTo < record.version || kind === 'truncate' ? [] : [{ action, record, upTo }];
  });
  if (asked.length === 0) return [];
  const late = await superseded(asked);
  return asked.flatMap(({ action, record }) => (late.has(record) ? [] : [action]));
}

/** A row that is there is written over also where the live flow only inserts. */
export function replayed(config: JdbcConfig): JdbcConfig {
  return config.insertMode === 'insert' ? { ...config, insertMode: 'upsert' } : config;
}
