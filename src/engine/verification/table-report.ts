import { type Derived, SluiceError } from '../../contract/index.ts';
import { differencesIn, type ShownDifference, type TableProgress, waitingTable } from './progress.ts';
import type { DifferingRow } from './table-parts.ts';

/** What became of a difference. */
export type Fate = { readonly repaired: boolean | null; readonly reason: string | null };

const unaskedText = 'rows were not compared: their records ask nothing of the target.';

/** Keeps the progress of one table. */
export class TableReport {
  #progress: TableProgress;
  #unasked = 0;
  readonly #keysShown: number;
  readonly #differencesMax: number;

  constructor(table: string, rowsEstimated: number | null, keysShown: number, differencesMax: number) {
    this.#progress = waitingTable(table, rowsEstimated);
    [this.#keysShown, this.#differencesMax] = [keysShown, differencesMax];
  }

  /** Of what the target computes from the rows that it holds. */
  static ofDerived({ name, rows, differences }: Derived, keysShown: number, differencesMax: number): TableReport {
    const report = new TableReport(name, rows, keysShown, differencesMax);
    report.#progress = { ...report.#progress, rows, state: 'DONE' };
    for (const { kind, key, repaired } of differences)
      report.found(
        { container: name, id: '', kind, key, digest: null, held: null, logKey: null },
        { repaired, reason: repaired === false ? 'it differs still: ask again' : null },
      );
    return report;
  }

  get progress(): TableProgress {
    return this.#progress;
  }

  enter(state: TableProgress['state']): void {
    this.#progress = { ...this.#progress, state };
  }

  read(rows: number, position: string): void {
    this.#progress = { ...this.#progress, rows: this.#progress.rows + rows, position };
  }

  undecided(rows: number): void {
    this.#progress = { ...this.#progress, undecided: this.#progress.undecided + rows };
  }

  /** Rows whose records ask nothing of the target. */
  unasked(rows: number): void {
    this.#unasked += rows;
    const notes = this.#progress.notes.filter(text => !text.endsWith(unaskedText));
    this.#progress = { ...this.#progress, notes: [...notes, `${this.#unasked} ${unaskedText}`] };
  }

  note(text: string): void {
    if (!this.#progress.notes.includes(text)) this.#progress = { ...this.#progress, notes: [...this.#progress.notes, text] };
  }

  /** Throws where more rows differ than are put right one by one. */
  bound(differing: number): void {
    if (differing > this.#differencesMax)
      throw new SluiceError(
        'BAD_REQUEST',
        `More than ${this.#differencesMax} rows of ${this.#progress.table} differ: take a new snapshot of the table, or ask for more differences.`,
      );
  }

  /** Counts a difference, with what became of it. */
  found(row: DifferingRow, { repaired, reason }: Fate): void {
    const { differences } = this.#progress;
    const shown: ShownDifference = { kind: row.kind, key: row.key ?? keyParts(row), repaired, reason };
    this.#progress = {
      ...this.#progress,
      [row.kind]: this.#progress[row.kind] + 1,
      repaired: this.#progress.repaired + (repaired === true ? 1 : 0),
      not_repaired: this.#progress.not_repaired + (repaired === false ? 1 : 0),
      differences: differences.length < this.#keysShown ? [...differences, shown] : differences,
    };
  }

  get differing(): number {
    return differencesIn(this.#progress);
  }
}

/** A row's name in the target as the parts of its key, where it is made of some. */
function keyParts({ container, id }: DifferingRow): readonly string[] {
  // A name in the log: the key's bytes behind the topic.
  if (id.startsWith(`${container}/`)) return [Buffer.from(id.slice(container.length + 1), 'latin1').toString('utf8')];
  if (!id.startsWith('[')) return [id];
  try {
    const parts: unknown = JSON.parse(id);
    return Array.isArray(parts) ? parts.map(part => (typeof part === 'string' ? part : JSON.stringify(part))) : [id];
  } catch {
    return [id];
  }
}
