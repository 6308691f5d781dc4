import type pg from 'pg';
import { SeenRanges } from '../debezium/seen-ranges.ts';
import type { TableProgress } from '../debezium/snapshot-progress.ts';
import { quoteLiteral } from './connection.ts';
import { promptQuery } from './prompt-query.ts';
import { type SnapshotView, sees } from './snapshot-view.ts';

/**
 * Which changes a snapshot saw is decided by transaction visibility, not by LSN: a commit reaches the WAL before it becomes visible
 * (invariant 1). Transactions are named by their ids.
 */
export class SeenChanges extends SeenRanges<SnapshotView, number> {
  constructor(progress: readonly TableProgress<SnapshotView>[]) {
    super(progress, sees);
  }

  /** A transaction whose commit stands behind it was seen by no view. */
  get untilLsn(): bigint {
    return this.views.reduce((latest, { takenAtLsn }) => (takenAtLsn > latest ? takenAtLsn : latest), 0n);
  }

  /**
   * Whether the view under which this key was read saw the transaction. The database compares the keys: only it knows their types' order and
   * collations. A round trip each, which only the changes between two snapshots of one table need.
   */
  sawRow(
    client: pg.Client,
    table: string,
    qualifiedTable: string,
    keyColumns: readonly string[],
    key: readonly string[],
    transactionId: number,
  ): Promise<boolean> {
    const literals = key.map(quoteLiteral).join(', ');
    const names = keyColumns.join(', ');
    return this.sawKey(table, transactionId, async to => {
      const bound = to.map(quoteLiteral).join(', ');
      // The column list gives the literals their types.
      const types = `(SELECT ${names} FROM ${qualifiedTable} WHERE false)`;
      const { rows } = await promptQuery(
        client,
        `WITH typed AS (${types} UNION ALL SELECT ${literals}) SELECT (${names}) <= (${bound}) AS inside FROM typed`,
      );
      return rows[0]?.inside === true;
    });
  }
}
