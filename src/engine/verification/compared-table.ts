import { type FieldRules, type Look, SluiceError } from '../../contract/index.ts';
import { DigestSet } from './digest-set.ts';
import { logKey } from './record-path.ts';
import { everyField, fieldsOfRecord, momentsIn } from './row-digest.ts';
import { type ComparedRow, type DifferingRow, publishedRows, type TableParts } from './table-parts.ts';

/** Rows of one table that are held in mind so that surplus ones can be told: 32 bytes each. */
const rowsMax = 50_000_000;

/** A row that did not look as it should, and how it looked at a known position before. */
type Suspect = ComparedRow & { readonly before: { readonly digest: string | null; readonly held: string | null } | null };

/** What is known of a table once all of its rows have been looked at. */
export type ComparedTable = {
  readonly topics: readonly string[];
  readonly rules: FieldRules;
  readonly containers: ReadonlySet<string>;
  /** The rows that the source has, by container and name. */
  readonly seen: DigestSet;
  /** Rows that were in the source when they were first looked at, and are not any more. */
  readonly gone: readonly { readonly container: string; readonly id: string }[];
  readonly differing: readonly DifferingRow[];
};

export function placeName(container: string, id: string): string {
  return `${container}\u0000${id}`;
}

/**
 * Compares the rows that the source has, chunk by chunk. What does not look as it should may be in flight: it is looked at again when the target
 * has passed the position at which the row was read, read again, and looked at once more. Only what differs in the same way at both known positions
 * counts.
 */
export class TableComparison {
  readonly #parts: TableParts;
  readonly #topics = new Set<string>();
  readonly #containers = new Set<string>();
  readonly #seen = new DigestSet();
  readonly #gone: { container: string; id: string }[] = [];
  readonly #differing: DifferingRow[] = [];
  #rules: FieldRules = everyField;

  constructor(parts: TableParts) {
    this.#parts = parts;
  }

  /** Null where what its topic holds does not come to the target. */
  async run(abort: AbortSignal): Promise<ComparedTable | null> {
    const { table, source, path, target, bounds, pace, report } = this.#parts;
    let after: readonly string[] | null = null;
    for (let begun = false; ; begun = true) {
      abort.throwIfAborted();
      const range = await source.readRange(table.name, after, bounds.chunkRows, abort);
      if (!begun) {
        const [one, other] = [range.rows[0] && path.publish(range.rows[0].record), range.echo && path.publish(range.echo)];
        if (one && other)
          this.#rules = {
            ignored: fieldsOfRecord(one.record ?? path.asPublished(one.log), other.record ?? path.asPublished(other.log)),
            moments: momentsIn(path.last(range.rows[0]!.record)),
          };
        const topics = one ? [one.log.topic] : await this.#topicsOfEmpty();
        if ((topics.length === 0 ? [table.topic] : topics).some(topic => !target.takes(topic))) return null;
        await target.begin(topics, this.#rules, abort);
        for (const topic of topics) {
          this.#topics.add(topic);
          const container = one ? null : await target.containerOf(topic, abort);
          if (container !== null) this.#containers.add(container);
        }
      }
      const rows = publishedRows(range.rows, path, this.#rules);
      const looks = await target.look(
        rows.map(({ published }) => published),
        abort,
      );
      const unasked = looks.filter(look => look === null).length;
      if (unasked > 0) report.unasked(unasked);
      const suspects = rows.flatMap((row, index) => this.#entered(row, looks[index] ?? null));
      if (suspects.length > 0) await this.#settle(suspects, range.position, abort);
      report.read(range.rows.length, range.position);
      if (this.#seen.size > rowsMax)
        throw new SluiceError('BAD_REQUEST', `Table ${table.name} has more than ${rowsMax} rows, which is more than are compared at once.`);
      if (!range.more || range.rows.length === 0) break;
      after = range.rows.at(-1)!.key;
      await pace.take(range.rows.length, abort);
    }
    return {
      topics: [...this.#topics],
      rules: this.#rules,
      containers: this.#containers,
      seen: this.#seen,
      gone: this.#gone,
      differing: this.#differing,
    };
  }

  /** Of an empty table no record tells the topic after the transforms: it is the table's own, where the log has that. */
  async #topicsOfEmpty(): Promise<readonly string[]> {
    const { log, table } = this.#parts;
    return (await log.describeTopics([table.topic])).map(({ topic }) => topic);
  }

  #entered(row: ComparedRow, look: Look | null): readonly Suspect[] {
    if (look === null) return [];
    const { topic } = row.published.log;
    if (!this.#topics.has(topic))
      throw new SluiceError(
        'BAD_REQUEST',
        `Rows of table ${this.#parts.table.name} go to several topics (${[...this.#topics][0]}, ${topic}): its records cannot be told from others'.`,
      );
    this.#containers.add(look.container);
    this.#seen.add(placeName(look.container, look.id));
    return look.state === 'same' ? [] : [{ ...row, before: null }];
  }

  async #settle(suspects: readonly Suspect[], position: string, abort: AbortSignal): Promise<void> {
    const { table, source, path, target, bounds, report } = this.#parts;
    let [current, at] = [suspects, position];
    for (let round = 1; ; round++) {
      await target.passed(at, abort);
      const looks = await target.look(
        current.map(({ published }) => published),
        abort,
      );
      const left: (Suspect & { readonly look: Look })[] = [];
      for (const [index, suspect] of current.entries()) {
        const look = looks[index] ?? null;
        if (look === null || look.state === 'same') continue;
        const { before, digest, key, published } = suspect;
        if (before !== null && before.digest === digest && before.held === look.held)
          this.#differs({ ...look, kind: look.state === 'missing' ? 'missing' : 'changed', key, digest, logKey: logKey(published.log) });
        else left.push({ ...suspect, look });
      }
      if (left.length === 0) return;
      if (round === bounds.roundsMax) {
        report.undecided(left.length);
        return;
      }
      const range = await source.readKeys(
        table.name,
        left.map(({ key }) => key),
        abort,
      );
      const now = new Map(publishedRows(range.rows, path, this.#rules).map(row => [JSON.stringify(row.key), row]));
      current = left.flatMap(({ key, digest, look }) => {
        const row = now.get(JSON.stringify(key));
        if (row !== undefined) return [{ ...row, before: { digest, held: look.held } }];
        this.#gone.push(look);
        return [];
      });
      at = range.position;
    }
  }

  #differs({ container, id, held, kind, key, digest, logKey: name }: DifferingRow): void {
    this.#differing.push({ container, id, held, kind, key, digest, logKey: name });
    this.#parts.report.bound(this.#differing.length);
  }
}
