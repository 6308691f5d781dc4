import pg from 'pg';
import type { StreamRetention } from '../event-store.ts';

/** Where a store's tables are. */
export type TableNames = { readonly schema: string; readonly table: string };

/** The tables of a store, quoted for SQL, and what its locks are named by. */
export type StoreTables = {
  readonly schema: string;
  readonly events: string;
  readonly streams: string;
  readonly states: string;
  readonly origin: string;
  readonly name: string;
};

/** What an append needs to know of its store. */
export type StorePlace = {
  readonly tables: StoreTables;
  /** Of streams that have none of their own. */
  readonly retention: StreamRetention;
  /** Whether retention erases anything by now. */
  readonly erases: () => boolean;
};

export function storeTables({ schema, table }: TableNames): StoreTables {
  const quoted = (suffix: string) => `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(`${table}${suffix}`)}`;
  return {
    schema: pg.escapeIdentifier(schema),
    events: quoted(''),
    streams: quoted('_streams'),
    states: quoted('_states'),
    origin: quoted('_origin'),
    name: `${schema}.${table}`,
  };
}

/**
 * The statements that make a store's tables where they are not there. PostgreSQL 13 or newer.
 *
 * `position` is no sequence's number: a lower one could be committed after a higher one was read. It is the writing transaction's id, counted from the
 * store's origin, shifted by 16 bits, and the event's place in that transaction. Transaction ids are given before the commit, but no reader goes
 * beyond the oldest one that still runs (`readAll`), so nothing comes in behind a reader's back.
 */
export function eventStoreSql(names: TableNames): string {
  const { schema, events, streams, states, origin } = storeTables(names);
  return `
do $$ begin if to_regnamespace(${pg.escapeLiteral(schema)}) is null then create schema ${schema}; end if; end $$;
create table if not exists ${events} (
  position bigint primary key,
  transaction_id xid8 not null default pg_current_xact_id(),
  event_id text not null unique,
  aggregate_type text not null,
  aggregate_id text not null,
  event_type text not null,
  event_data jsonb not null,
  version bigint not null,
  schema_version integer not null default 1,
  timestamp timestamptz(3) not null,
  metadata jsonb not null default '{}',
  unique (aggregate_type, aggregate_id, version)
);
create table if not exists ${streams} (
  aggregate_type text not null,
  aggregate_id text not null,
  version bigint not null default 0,
  position bigint not null default 0,
  hidden_through bigint not null default 0,
  erased boolean not null default false,
  own_retention boolean not null default false,
  events_max bigint,
  age_ms_max bigint,
  primary key (aggregate_type, aggregate_id)
) with (fillfactor = 70);
create table if not exists ${states} (
  aggregate_type text not null,
  aggregate_id text not null,
  name text not null,
  version bigint not null,
  timestamp_ms bigint not null,
  state jsonb not null,
  primary key (aggregate_type, aggregate_id, name)
);
create table if not exists ${origin} (
  only_one boolean primary key default true check (only_one),
  transactions bigint not null
);
insert into ${origin} (transactions) values (0) on conflict do nothing;
`;
}

/** Bits of a position that are the place in its transaction. */
export const placeBits = 16n;
/** Events of one transaction, at most. */
export const transactionEventsMax = 65_536;
