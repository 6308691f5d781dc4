import type pg from 'pg';
import { quoteLiteral } from './connection.ts';
import type { TableProgress } from './snapshot-progress.ts';
import { type SnapshotView, sees } from './snapshot-view.ts';

/** What a change's transaction means to a table whose rows were read under several views. */
export type Seen = 'no' | 'yes' | 'depends on key';

/**
 * Changes that the stream brings again although a snapshot saw them: after a restart in the middle of a snapshot, or a snapshot beside an
 * existing slot. Which they are is decided by transaction visibility, not by LSN: a commit reaches the WAL before it becomes visible
 * (invariant 1).
 */
export class SeenChanges {
  readonly #tables: ReadonlyMap<string, TableProgress>;
  readonly #views: readonly SnapshotView[];

  constructor(progress: readonly TableProgress[]) {
    const viewed = progress.filter(({ ranges }) => ranges.some(({ view }) => view !== null));
    this.#tables = new Map(viewed.map(table => [table.table, table]));
    this.#views = viewed.flatMap(({ ranges }) => ranges.flatMap(({ view }) => (view === null ? [] : [view])));
  }

  /** A transaction whose commit stands behind it was seen by no view. */
  get untilLsn(): bigint {
    return this.#views.reduce((latest, { takenAtLsn }) => (takenAtLsn > latest ? takenAtLsn : latest), 0n);
  }

  /** Nothing is left to be compared. */
  get empty(): boolean {
    return this.#tables.size === 0;
  }

  /** Whether any view saw this transaction; asked once a transaction. */
  concerns(transactionId: number): boolean {
    return this.#views.some(view => sees(view, transactionId));
  }

  of(table: string, transactionId: number): Seen {
    const progress = this.#tables.get(table);
    if (!progress) return 'no';
    const seen = progress.ranges.map(({ view }) => view !== null && sees(view, transactionId));
    if (seen.every(Boolean)) return 'yes';
    return seen.some(Boolean) ? 'depends on key' : 'no';
  }

  /**
   * Whether the view under which this key was read saw the transaction. The database compares the keys: only it knows their types' order and
   * collations. A round trip each, which only the changes between two snapshots of one table need.
   */
  async sawKey(
    client: pg.Client,
    table: string,
    qualifiedTable: string,
    keyColumns: readonly string[],
    key: readonly string[],
    transactionId: number,
  ): Promise<boolean> {
    const ranges = this.#tables.get(table)?.ranges ?? [];
    const literals = key.map(quoteLiteral).join(', ');
    for (const { view, to } of ranges) {
      if (to !== null) {
        const bound = to.map(quoteLiteral).join(', ');
        // The column list gives the literals their types.
        const types = `(SELECT ${keyColumns.join(', ')} FROM ${qualifiedTable} WHERE false)`;
        const { rows } = await client.query(
          `WITH typed AS (${types} UNION ALL SELECT ${literals}) SELECT (${keyColumns.join(', ')}) <= (${bound}) AS inside FROM typed`,
        );
        if (!rows[0]?.inside) continue;
      }
      return view !== null && sees(view, transactionId);
    }
    return false;
  }
}
