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
   * collations. One round trip each, however often the snapshot began anew, which only the changes between two snapshots of one table need.
   */
  sawRow(
    client: pg.Client,
    table: string,
    qualifiedTable: string,
    keyColumns: readonly string[],
    key: readonly string[],
    transactionId: number,
  ): Promise<boolean> {
    const literals = (texts: readonly string[]) => texts.map(quoteLiteral).join(', ');
    const names = keyColumns.join(', ');
    return this.sawKey(table, transactionId, async bounds => {
      // The column list gives the literals their types.
      const types = `(SELECT ${names} FROM ${qualifiedTable} WHERE false)`;
      const compared = bounds.map((bound, index) => `(${names}) <= (${literals(bound)}) AS within_${index}`).join(', ');
      const { rows } = await promptQuery(
        client,
        `WITH typed AS (${types} UNION ALL SELECT ${literals(key)}) SELECT ${compared} FROM typed`,
      );
      return bounds.findIndex((_, index) => rows[0]?.[`within_${index}`] === true);
    });
  }
}
