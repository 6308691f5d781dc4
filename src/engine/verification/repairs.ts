import { type FieldRules, type LogRecord, readChange, type SurplusRow } from '../../contract/index.ts';
import { type ComparedTable, placeName } from './compared-table.ts';
import type { ExtraRows } from './extra-rows.ts';
import type { KeyHistories } from './key-histories.ts';
import { logKey } from './record-path.ts';
import { recordDigest } from './row-digest.ts';
import { type DifferingRow, publishedRows, type TableParts } from './table-parts.ts';
import type { Fate } from './table-report.ts';
import type { Newer } from './target.ts';
import { endsOf, type Places, readTopics } from './topic-reading.ts';

/** Rows that are put right in one go. */
const repairsAtOnce = 200;

const noRecord = 'the log has no record of the row any more: take a snapshot of it';
const otherRecord = 'the last record of the log is not of the row as the source has it: take a snapshot of it';

/** Puts rows right that the source has: their latest records are sent again. Answers what became of each. */
export async function resendRows(
  parts: TableParts,
  compared: ComparedTable,
  rows: readonly DifferingRow[],
  histories: KeyHistories,
  abort: AbortSignal,
): Promise<ReadonlyMap<DifferingRow, Fate>> {
  const fates = new Map<DifferingRow, Fate>();
  const sent: { readonly row: DifferingRow; readonly record: LogRecord }[] = [];
  for (const row of rows) {
    const latest = histories.byKey.get(row.logKey!)?.latest;
    const reason = latest === undefined ? noRecord : isOfRow(parts, latest, row, compared.rules) ? null : otherRecord;
    if (reason !== null) fates.set(row, { repaired: false, reason });
    else sent.push({ row, record: latest! });
  }
  const newer = laterRecords(parts, compared, histories.scanned, new Set(sent.map(({ row }) => row.logKey!)), abort);
  for (let at = 0; at < sent.length; at += repairsAtOnce) {
    const some = sent.slice(at, at + repairsAtOnce);
    const failed = await parts.target.resend(
      some.map(({ record }) => record),
      newer,
      abort,
    );
    for (const [index, error] of failed) fates.set(some[index]!.row, { repaired: false, reason: error.message });
  }
  await confirmRows(parts, compared, rows, fates, abort);
  await forceRows(parts, compared, sent, newer, fates, abort);
  return fates;
}

/** What stands at a version that somebody else gave it is not put right by its record alone. */
async function forceRows(
  parts: TableParts,
  compared: ComparedTable,
  sent: readonly { readonly row: DifferingRow; readonly record: LogRecord }[],
  newer: Newer,
  fates: Map<DifferingRow, Fate>,
  abort: AbortSignal,
): Promise<void> {
  const left = sent.filter(({ row }) => fates.get(row)?.repaired === false);
  if (left.length === 0) return;
  const later = await newer(left.map(({ record }) => record));
  const forced = left.filter(({ record }) => !later.has(record));
  const ends = await endsOf(parts.log, compared.topics);
  const failed = await parts.target.force(
    forced.map(({ record }) => record),
    ends,
    abort,
  );
  if (failed === null) return;
  for (const [index, error] of failed) fates.set(forced[index]!.row, { repaired: false, reason: error.message });
  await confirmRows(
    parts,
    compared,
    left.map(({ row }) => row),
    fates,
    abort,
  );
}

/** Whether a record of the log is of the row as the source has it; columns that the database did not send count for nothing. */
function isOfRow({ path }: TableParts, latest: LogRecord, { digest }: DifferingRow, rules: FieldRules): boolean {
  const record = path.received(latest, 0n) ?? path.asPublished(latest);
  return readChange(record).missing.length > 0 || recordDigest(record, rules) === digest;
}

/** Reads on in the log whenever it is asked, and remembers which of these keys it speaks of. */
function laterRecords({ log }: TableParts, { topics }: ComparedTable, from: Places, keys: ReadonlySet<string>, abort: AbortSignal) {
  let scanned = from;
  const heard = new Set<string>();
  return async (records: readonly LogRecord[]): Promise<ReadonlySet<LogRecord>> => {
    scanned = await readTopics(
      log,
      topics,
      scanned,
      found => {
        for (const record of found) if (record.key !== null && keys.has(logKey(record))) heard.add(logKey(record));
      },
      abort,
    );
    return new Set(records.filter(record => heard.has(logKey(record))));
  };
}

/** Looks at the rows once more: only what is right then counts as repaired. */
async function confirmRows(
  { table, source, path, target }: TableParts,
  { rules }: ComparedTable,
  rows: readonly DifferingRow[],
  fates: Map<DifferingRow, Fate>,
  abort: AbortSignal,
): Promise<void> {
  if (rows.length === 0) return;
  const range = await source.readKeys(
    table.name,
    rows.map(({ key }) => key!),
    abort,
  );
  const now = publishedRows(range.rows, path, rules);
  await target.passed(range.position, abort);
  const looks = await target.look(
    now.map(({ published }) => published),
    abort,
  );
  const right = new Map(now.map(({ key }, index) => [JSON.stringify(key), (looks[index]?.state ?? 'same') === 'same']));
  for (const row of rows) {
    // One that the source does not have any more has been deleted since, and the live flow brings that.
    if (right.get(JSON.stringify(row.key)) ?? true) fates.set(row, { repaired: true, reason: null });
    else fates.set(row, { repaired: false, reason: fates.get(row)?.reason ?? 'it differs still: ask again' });
  }
}

/** Removes rows that the source does not have. */
export async function removeRows(
  parts: TableParts,
  compared: ComparedTable,
  extra: ExtraRows,
  abort: AbortSignal,
): Promise<ReadonlyMap<DifferingRow, Fate>> {
  const { log, path, target } = parts;
  const fates = new Map<DifferingRow, Fate>();
  const names = new Set(extra.rows.map(({ container, id }) => placeName(container, id)));
  const heard = new Set<string>();
  let { scanned } = extra;
  const readOn = async () => {
    scanned = await readTopics(
      log,
      compared.topics,
      scanned,
      async records => {
        const rows = path.rowsOf(records);
        for (const look of await target.look(rows, abort)) {
          const name = look === null ? '' : placeName(look.container, look.id);
          if (names.has(name)) heard.add(name);
        }
      },
      abort,
    );
  };
  for (let at = 0; at < extra.rows.length; at += repairsAtOnce) {
    const some = extra.rows.slice(at, at + repairsAtOnce);
    const surplus: SurplusRow[] = some.map(({ container, id, held }) => ({ container, id, held: held ?? '' }));
    const outcomes = await target.remove(
      surplus,
      async () => {
        await readOn();
        return new Set(surplus.flatMap(({ container, id }, index) => (heard.has(placeName(container, id)) ? [] : [index])));
      },
      abort,
    );
    for (const [index, row] of some.entries()) {
      const outcome = outcomes[index] ?? 'changed';
      if (outcome === 'removed') fates.set(row, { repaired: true, reason: null });
      else fates.set(row, { repaired: false, reason: outcome === 'changed' ? 'it has changed meanwhile: ask again' : outcome.message });
    }
  }
  return fates;
}
