import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import type { TableId } from '../debezium/table.ts';
import type { CatalogColumn } from './column.ts';
import { promptQuery } from './prompt-query.ts';
import { parseSnapshotView, sees } from './snapshot-view.ts';

/** A table as the catalog has it now. */
export type CatalogTable = {
  readonly id: TableId;
  readonly oid: number;
  readonly partitioned: boolean;
  /** A partition of another table. */
  readonly partition: boolean;
  readonly replicaIdentity: 'default' | 'nothing' | 'full' | 'index';
  /** The planner's estimate; -1: never analyzed. */
  readonly rowsEstimated: number;
  /** On disk, partitions included. */
  readonly sizeBytes: number;
  readonly columns: readonly CatalogColumn[];
  /**
   * Of the primary key, else of the first unique index, as Debezium chooses its key (JdbcConnection.readPrimaryKeyOrUniqueIndexNames): of
   * such an index also the columns it only includes, which JDBC tells apart for primary keys alone.
   */
  readonly keyColumns: readonly string[];
  /** The primary key's columns, for reading in its order; empty where there is none. */
  readonly primaryKey: readonly string[];
};

const replicaIdentities = { d: 'default', n: 'nothing', f: 'full', i: 'index' } as const;

/** Ordinary and partitioned tables outside the system's schemas, in the order in which Debezium snapshots them. */
const tableNames = `
  SELECT n.nspname AS schema, c.relname AS name, c.oid::int8 AS oid
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
     AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'
   ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

const tableDetails = `
  SELECT n.nspname AS schema, c.relname AS name, c.oid::int8 AS oid, c.relkind = 'p' AS partitioned, c.relispartition AS partition,
         c.relreplident::text AS identity, c.reltuples::float8 AS rows,
         (SELECT sum(pg_catalog.pg_table_size(p))::float8 FROM (SELECT c.oid::regclass AS p UNION SELECT relid FROM pg_catalog.pg_partition_tree(c.oid)) AS parts) AS bytes,
         ARRAY(SELECT json_build_object('name', a.attname, 'typeOid', a.atttypid::int8, 'typeModifier', a.atttypmod, 'notNull', a.attnotnull,
                      'defaultExpression', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
                      'generated', a.attgenerated <> '' OR a.attidentity <> '')
                 FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
         (SELECT json_agg(json_build_object('primary', i.indisprimary, 'columns',
                   ARRAY(SELECT CASE WHEN k.attnum = 0 THEN NULL ELSE (SELECT a.attname FROM pg_catalog.pg_attribute a
                                      WHERE a.attrelid = c.oid AND a.attnum = k.attnum) END
                           FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, place)
                          WHERE k.place <= i.indnkeyatts OR NOT i.indisprimary ORDER BY k.place)) ORDER BY i.indisprimary DESC, x.relname)
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
           WHERE i.indrelid = c.oid AND i.indisunique) AS indexes
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = ANY($1::oid[])
   ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

type UniqueIndex = { readonly primary: boolean; readonly columns: readonly (string | null)[] };

function plainColumns(index: UniqueIndex | undefined): readonly string[] {
  const names = index?.columns ?? [];
  // An index over an expression is no key.
  return names.every(name => name !== null) ? (names as readonly string[]) : [];
}

/** How long a transaction that the stream has brought may take to become visible; with a slow synchronous standby it may be longer. */
const visibleWaitMsMax = 1_000;
const visibleCheckIntervalMs = 5;

/** Reads the catalog on a connection that its caller owns. Inside a snapshot's transaction it shows that snapshot's tables. */
export class Catalog {
  readonly #client: pg.Client;
  readonly #database: string;

  constructor(client: pg.Client, database: string) {
    this.#client = client;
    this.#database = database;
  }

  /** Every table of the database that may be captured, by name. */
  async names(): Promise<readonly { readonly id: TableId; readonly oid: number }[]> {
    const { rows } = await promptQuery(this.#client, tableNames);
    return rows.map(row => ({ id: { catalog: this.#database, schema: row.schema, table: row.name }, oid: Number(row.oid) }));
  }

  /**
   * Waits until a transaction that the stream has brought is seen here: a commit reaches the WAL, and with that the stream, before other
   * sessions see what it made. Without that, the tables of a schema change would be read as they were before it.
   */
  async untilVisible(transactionId: number): Promise<void> {
    const deadlineMs = performance.now() + visibleWaitMsMax;
    for (;;) {
      const { rows } = await promptQuery(this.#client, 'SELECT pg_catalog.pg_current_snapshot()::text AS view');
      if (sees(parseSnapshotView(rows[0].view, 0n), transactionId) || performance.now() > deadlineMs) return;
      await setTimeout(visibleCheckIntervalMs);
    }
  }

  /** The tables with these oids; those that are gone are left out. */
  async tables(oids: readonly number[]): Promise<readonly CatalogTable[]> {
    if (oids.length === 0) return [];
    const { rows } = await promptQuery(this.#client, tableDetails, [oids]);
    return rows.map(row => {
      const indexes: readonly UniqueIndex[] = row.indexes ?? [];
      const primary = plainColumns(indexes.find(index => index.primary));
      const unique = indexes.map(plainColumns).find(names => names.length > 0) ?? [];
      return {
        id: { catalog: this.#database, schema: row.schema, table: row.name },
        oid: Number(row.oid),
        partitioned: row.partitioned,
        partition: row.partition,
        replicaIdentity: replicaIdentities[row.identity as keyof typeof replicaIdentities],
        rowsEstimated: Number(row.rows),
        sizeBytes: Number(row.bytes),
        columns: row.columns,
        keyColumns: primary.length > 0 ? primary : unique,
        primaryKey: primary,
      };
    });
  }
}
