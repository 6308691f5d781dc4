import type pg from 'pg';
import { SluiceError } from '../../../contract/index.ts';
import { eventStoreSql, placeBits, type StoreTables, storeTables, type TableNames } from './tables.ts';

/** One process at a time makes tables and moves origins. */
const openingLock = "select pg_advisory_xact_lock(hashtextextended('sluice event store', 0))";
const serverVersionMin = 130_000;

type Heads = { readonly transactions: string; readonly running: string; readonly last: string };

/**
 * Makes the tables where they are not there. Where the database is a copy that was restored to another server, whose transaction ids are lower, the origin is
 * moved, so that what is appended comes behind what is there. Throws SluiceError STORE_FAILED, or what the database reports.
 */
export async function openTables(pool: pg.Pool, names: TableNames, create: boolean): Promise<void> {
  const tables = storeTables(names);
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ version: number }>("select current_setting('server_version_num')::int as version");
    if ((rows[0]?.version ?? 0) < serverVersionMin) throw new SluiceError('STORE_FAILED', 'An event store needs PostgreSQL 13 or newer.');
    await client.query(`begin isolation level read committed; ${openingLock}`);
    if (create) {
      // What is there is not touched: a role that may only append opens the store too.
      const { rows: there } = await client.query<{ origin: string | null }>('select to_regclass($1)::text as origin', [tables.origin]);
      if (!there[0]?.origin) await client.query(eventStoreSql(names));
    }
    await moveOrigin(client, tables);
    await client.query('commit');
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function moveOrigin(client: pg.ClientBase, tables: StoreTables): Promise<void> {
  const read = `
select o.transactions::text, pg_snapshot_xmax(pg_current_snapshot())::text as running,
       (select coalesce(max(position), 0)::text from ${tables.events}) as last from ${tables.origin} o`;
  const isBehind = ({ transactions, running, last }: Heads) => BigInt(last) >> placeBits > BigInt(transactions) + BigInt(running);
  const [seen] = (await client.query<Heads>(read)).rows;
  if (!seen || !isBehind(seen)) return;
  // Nobody appends meanwhile; whoever has not committed is waited for.
  await client.query(`lock table ${tables.events}, ${tables.origin} in exclusive mode`);
  const [heads] = (await client.query<Heads>(read)).rows;
  if (!heads || !isBehind(heads)) return;
  const transactions = (BigInt(heads.last) >> placeBits) + 1n - BigInt(heads.running);
  await client.query(`update ${tables.origin} set transactions = $1::bigint`, [transactions]);
}
