import { type LogRecord, readChange } from '../../contract/index.ts';
import type { ComparedTable } from './compared-table.ts';
import { logKey, type PublishedRow } from './record-path.ts';
import type { DifferingRow, TableParts } from './table-parts.ts';
import { type Places, readTopics } from './topic-reading.ts';

/** Earlier records of one key that are held against what the target has. */
const earlierMax = 100;

/** What the log has of one key. */
export type KeyHistory = {
  readonly latest: LogRecord;
  /** Those before it, the newest last. */
  readonly earlier: readonly LogRecord[];
};

export type KeyHistories = {
  readonly byKey: ReadonlyMap<string, KeyHistory>;
  /** The log was read up to here. */
  readonly scanned: Places;
};

/** Reads all that the log has of these rows: one pass over the table's topics. */
export async function readHistories(
  { log }: TableParts,
  { topics }: ComparedTable,
  rows: readonly DifferingRow[],
  abort: AbortSignal,
): Promise<KeyHistories> {
  const found = new Map<string, LogRecord[]>();
  for (const { logKey: key } of rows) if (key !== null) found.set(key, []);
  const scanned =
    found.size === 0
      ? new Map()
      : await readTopics(
          log,
          topics,
          null,
          records => {
            for (const record of records) {
              const history = record.key === null ? undefined : found.get(logKey(record));
              if (history === undefined) continue;
              history.push(record);
              if (history.length > earlierMax + 1) history.shift();
            }
          },
          abort,
        );
  const byKey = new Map<string, KeyHistory>();
  for (const [key, records] of found) {
    const latest = records.at(-1);
    if (latest !== undefined) byKey.set(key, { latest, earlier: records.slice(0, -1) });
  }
  return { byKey, scanned };
}

/** Tells rows that are an earlier state of theirs from those that the log knows nothing of. */
export async function tellStale(
  { path, target }: TableParts,
  rows: readonly DifferingRow[],
  { byKey }: KeyHistories,
  abort: AbortSignal,
): Promise<readonly DifferingRow[]> {
  const told: DifferingRow[] = [];
  for (const row of rows) {
    const history = row.kind === 'changed' && row.logKey !== null ? byKey.get(row.logKey) : undefined;
    if (history === undefined) {
      told.push(row);
      continue;
    }
    const states: PublishedRow[] = [...history.earlier, history.latest]
      .map(log => ({ log, record: path.received(log, 0n) }))
      .filter(({ log, record }) => readChange(record ?? path.asPublished(log)).kind === 'upsert');
    const looks = states.length === 0 ? [] : await target.look(states, abort);
    told.push(looks.some(look => look?.state === 'same') ? { ...row, kind: 'stale' } : row);
  }
  return told;
}
