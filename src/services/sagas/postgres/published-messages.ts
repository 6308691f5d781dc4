import { isStreamOffset, type SourceOffset } from '../../../contract/index.ts';
import { isTableRead } from '../../event-store/postgres/inserted-rows.ts';
import type { SqlClient } from '../../event-store/postgres/sql-client.ts';
import type { SagaTables } from './tables.ts';

/** Rows deleted in one go. */
const deletedMax = 50_000;

/** Everything up to `position` was committed before the server's log had come to `lsn`. */
type Mark = { readonly position: string; readonly lsn: bigint };

/**
 * Deletes messages that are in the log. A row is marked with a place of the server's log behind its commit; once the connector's stream is durable
 * beyond that place, on this very server, the row is needed no more. Rows that only the connector's first reading of the table brings have no commit in its stream: none is
 * deleted before that reading is over.
 */
export class PublishedMessages {
  readonly #tables: SagaTables;
  readonly #saga: string;
  readonly #slot: string;
  #mark: Mark | null = null;

  constructor(tables: SagaTables, saga: string, slot: string) {
    [this.#tables, this.#saga, this.#slot] = [tables, saga, slot];
  }

  /** Whether there may be something to delete: worth asking the log for the connector's offsets. Marks what there is where nothing is marked. */
  async look(client: SqlClient): Promise<boolean> {
    this.#mark ??= await this.#lookAt(client);
    return this.#mark !== null && (await this.#confirmed(client)) >= this.#mark.lsn;
  }

  /** `offsets`: the connector's, as the log has them. */
  async purge(client: SqlClient, offsets: readonly SourceOffset[]): Promise<void> {
    const mark = this.#mark;
    if (mark === null || publishedUpTo(offsets) < mark.lsn) return;
    const { messages } = this.#tables;
    const { rowCount } = await client.query(
      `delete from ${messages} where position in
         (select position from ${messages} where saga = $1 and position <= $2::bigint order by position limit ${deletedMax})`,
      [this.#saga, mark.position],
    );
    if ((rowCount ?? 0) < deletedMax) this.#mark = null;
  }

  /** The rows first: each is committed by then, so its commit lies before the place that is asked for behind them. */
  async #lookAt(client: SqlClient): Promise<Mark | null> {
    const { rows } = await client.query<{ position: string | null }>(
      `select max(position)::text as position from ${this.#tables.messages} where saga = $1`,
      [this.#saga],
    );
    const position = rows[0]?.position ?? null;
    if (position === null) return null;
    const { rows: places } = await client.query<{ lsn: string }>("select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::text as lsn");
    return { position, lsn: BigInt(places[0]!.lsn) };
  }

  /** How far this server may free its log; before everything where it does not know the slot, as a copy that was restored does not. */
  async #confirmed(client: SqlClient): Promise<bigint> {
    const { rows } = await client.query<{ lsn: string | null }>(
      "select (confirmed_flush_lsn - '0/0'::pg_lsn)::text as lsn from pg_replication_slots where slot_name = $1 and database = current_database()",
      [this.#slot],
    );
    return BigInt(rows[0]?.lsn ?? -1);
  }
}

/** The place in the server's log before which everything is in ours; before everything while the table is read for the first time. */
function publishedUpTo(offsets: readonly SourceOffset[]): bigint {
  const confirmed = offsets.find(isStreamOffset)?.offset?.['sluice_confirmed_lsn'];
  return typeof confirmed === 'number' && isTableRead(offsets) ? BigInt(confirmed) : -1n;
}
