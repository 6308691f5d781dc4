import { type ComparedTable, placeName } from './compared-table.ts';
import { recordDigest } from './row-digest.ts';
import type { DifferingRow, TableParts } from './table-parts.ts';
import { type Places, readTopics } from './topic-reading.ts';

type Candidate = { readonly container: string; readonly id: string; readonly held: string | null };

/** Rows of the target that the source does not have, and how far the log was read to know that. */
export type ExtraRows = { readonly rows: readonly DifferingRow[]; readonly scanned: Places };

/**
 * Looks for rows of the target that the source does not have. A row that nobody saw in the source may have been made behind the place that was
 * being read: then the log speaks of it from `begun` on, where its topics ended before the first row was read. And one that was deleted may not have
 * come to the target yet: so only what is there twice, each time past a position of the source that was taken after it was looked for, counts.
 */
export async function findExtraRows(parts: TableParts, compared: ComparedTable, begun: Places, abort: AbortSignal): Promise<ExtraRows> {
  const { table, source, target, bounds, report, pace } = parts;
  let candidates: Candidate[] = compared.gone.map(({ container, id }) => ({ container, id, held: null }));
  for (const container of compared.containers) {
    const others = await target.otherFeeders(container, compared.topics, abort);
    if (others.length > 0) {
      report.note(`Whether ${container} has rows too many cannot be told: ${others.slice(0, 3).join(', ')} also feed it.`);
      continue;
    }
    for await (const ids of target.ids(container, abort)) {
      for (const id of ids) if (!compared.seen.has(placeName(container, id))) candidates.push({ container, id, held: null });
      report.bound(candidates.length);
      await pace.take(ids.length, abort);
    }
  }
  let scanned = begun;
  /** What the log has said of rows since the beginning. */
  const said = new Map<string, 'upsert' | 'delete'>();
  for (let round = 1; candidates.length > 0; round++) {
    const { position } = await source.readKeys(table.name, [], abort);
    await target.passed(position, abort);
    const held = await heldOf(parts, candidates, abort);
    const known = new Set(candidates.map(({ container, id }) => placeName(container, id)));
    scanned = await hearOf(parts, compared, scanned, known, said, abort);
    const there = candidates.flatMap(one => {
      const name = placeName(one.container, one.id);
      const found = held.get(name);
      return found === undefined || said.get(name) === 'upsert' ? [] : [{ ...one, held: found, before: one.held }];
    });
    const rows = there.filter(({ before, held: now }) => before === now);
    if (rows.length === there.length || round === bounds.roundsMax) {
      report.undecided(there.length - rows.length);
      return { rows: rows.map(extraRow), scanned };
    }
    candidates = there;
  }
  return { rows: [], scanned };
}

function extraRow({ container, id, held }: Candidate): DifferingRow {
  return { container, id, held, kind: 'extra', key: null, digest: null, logKey: null };
}

async function heldOf({ target }: TableParts, candidates: readonly Candidate[], abort: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const byContainer = new Map<string, string[]>();
  for (const { container, id } of candidates) byContainer.set(container, [...(byContainer.get(container) ?? []), id]);
  const held = new Map<string, string>();
  for (const [container, ids] of byContainer)
    for (const [id, digest] of await target.held(container, ids, abort)) held.set(placeName(container, id), digest);
  return held;
}

/** Reads on what the log says of these rows. */
async function hearOf(
  { log, path, target }: TableParts,
  compared: ComparedTable,
  from: Places,
  known: ReadonlySet<string>,
  said: Map<string, 'upsert' | 'delete'>,
  abort: AbortSignal,
): Promise<Places> {
  return readTopics(
    log,
    compared.topics,
    from,
    async records => {
      const rows = path.rowsOf(records);
      const looks = await target.look(rows, abort);
      for (const [index, look] of looks.entries()) {
        if (look === null || !known.has(placeName(look.container, look.id))) continue;
        const { record, log: origin } = rows[index]!;
        const digest = recordDigest(record ?? path.asPublished(origin), compared.rules);
        said.set(placeName(look.container, look.id), digest === null ? 'delete' : 'upsert');
      }
    },
    abort,
  );
}
