import { type EventLog, javaRegex, SluiceError, type SourceVerification, type VerifiableTable } from '../../contract/index.ts';
import type { Pace } from '../pace.ts';
import { TableComparison } from './compared-table.ts';
import { findExtraRows } from './extra-rows.ts';
import { readHistories, tellStale } from './key-histories.ts';
import type { RecordPath } from './record-path.ts';
import { removeRows, resendRows } from './repairs.ts';
import type { TableParts, VerificationBounds } from './table-parts.ts';
import { TableReport } from './table-report.ts';
import type { VerificationTarget } from './target.ts';
import { endsOfAll } from './topic-reading.ts';

export type RunParts = {
  readonly source: SourceVerification;
  readonly target: VerificationTarget;
  readonly path: RecordPath;
  readonly log: EventLog;
  readonly pace: Pace;
  readonly bounds: VerificationBounds;
  /** Names or patterns of tables; empty: all that the source captures. */
  readonly tables: readonly string[];
  readonly repair: boolean;
  readonly keysShown: number;
};

/** The tables that are meant. Throws BAD_REQUEST for a name that fits none, and for a table that cannot be compared. */
function chosen(all: readonly VerifiableTable[], wanted: readonly string[]): readonly VerifiableTable[] {
  const tables = new Map<string, VerifiableTable>();
  for (const text of wanted) {
    const fits = patternOf(text);
    const found = all.filter(({ name }) => fits(name));
    if (found.length === 0) throw new SluiceError('BAD_REQUEST', `The source captures no table '${text}'.`);
    for (const table of found) tables.set(table.name, table);
  }
  const meant = wanted.length === 0 ? all : [...tables.values()];
  const keyless = meant.filter(({ keyed }) => !keyed).map(({ name }) => name);
  if (keyless.length > 0 && wanted.length > 0)
    throw new SluiceError(
      'BAD_REQUEST',
      `${keyless.join(', ')}: without a primary key rows cannot be told apart, so there is nothing to compare by.`,
    );
  return meant;
}

/** A name as the include lists have it, or a regular expression over the whole name. */
function patternOf(text: string): (name: string) => boolean {
  try {
    const regex = javaRegex(`^(?:${text})$`);
    return name => name === text || regex.test(name);
  } catch {
    throw new SluiceError('BAD_REQUEST', `'${text}' is neither the name of a table nor a regular expression.`);
  }
}

/** Compares tables one by one, and puts right what differs where that was asked for. `reports` are there as soon as the tables are known. */
export async function verifyTables(
  parts: RunParts,
  reported: (reports: readonly TableReport[]) => void,
  abort: AbortSignal,
): Promise<void> {
  const { source, target, repair, bounds, keysShown } = parts;
  target.require(repair);
  const tables = chosen(await source.tables(abort), parts.tables);
  const reports = tables.map(({ name, rowsEstimated }) => new TableReport(name, rowsEstimated, keysShown, bounds.differencesMax));
  reported(reports);
  const topics = new Set<string>();
  for (const [index, table] of tables.entries()) {
    const report = reports[index]!;
    if (!table.keyed) {
      report.note('It has no primary key that it can be read by, so that its rows cannot be told apart: it was not compared.');
      report.enter('DONE');
      continue;
    }
    const compared = await verifyTable({ ...parts, table, report }, repair, abort);
    for (const topic of compared ?? []) topics.add(topic);
    if (compared === null) {
      const why = 'its records do not come to the target, so that nothing is there to compare';
      if (parts.tables.length > 0) throw new SluiceError('BAD_REQUEST', `${table.name}: ${why}.`);
      report.note(`It was not compared: ${why}.`);
    }
    report.enter('DONE');
    reported(reports);
  }
  const derived = await target.derived(topics, { repair, max: bounds.differencesMax }, abort);
  reported([...reports, ...derived.map(one => TableReport.ofDerived(one, keysShown, bounds.differencesMax))]);
}

/** The topics of its rows; null where what they hold does not come to the target. */
async function verifyTable(parts: TableParts, repair: boolean, abort: AbortSignal): Promise<readonly string[] | null> {
  const { report, log } = parts;
  report.enter('COMPARING');
  const begun = await endsOfAll(log);
  const compared = await new TableComparison(parts).run(abort);
  if (compared === null) return null;
  report.enter('LOOKING_FOR_EXTRA_ROWS');
  const extra = await findExtraRows(parts, compared, begun, abort);
  report.bound(compared.differing.length + extra.rows.length);
  report.enter('READING_THE_LOG');
  const histories = await readHistories(parts, compared, compared.differing, abort);
  const differing = await tellStale(parts, compared.differing, histories, abort);
  if (repair && differing.length + extra.rows.length > 0) report.enter('REPAIRING');
  const resent = repair ? await resendRows(parts, compared, differing, histories, abort) : null;
  const removed = repair ? await removeRows(parts, compared, extra, abort) : null;
  const untouched = { repaired: null, reason: null };
  for (const row of differing) report.found(row, resent?.get(row) ?? untouched);
  for (const row of extra.rows) report.found(row, removed?.get(row) ?? untouched);
  return compared.topics;
}
