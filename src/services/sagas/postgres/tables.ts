import pg from 'pg';

/** The tables of sagas, quoted for SQL. */
export type SagaTables = {
  /** As it is named in the worker's file, for messages. */
  readonly name: string;
  readonly owners: string;
  readonly definitions: string;
  readonly instances: string;
  readonly events: string;
  readonly offsets: string;
  readonly messages: string;
};

/** Of messages that are to be published; its connector names it. */
export const messagesTable = 'messages';

export function sagaTables(schema: string): SagaTables {
  const quoted = (table: string) => `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;
  return {
    name: schema,
    owners: quoted('owners'),
    definitions: quoted('definitions'),
    instances: quoted('instances'),
    events: quoted('events'),
    offsets: quoted('offsets'),
    messages: quoted(messagesTable),
  };
}

/**
 * The statements that make the tables where they are not there. PostgreSQL 13 or newer. What JSON there is lies in columns of type `text`: jsonb cannot hold every text
 * that JSON can. `instances` is what a restart and a list need of each stream of `events`; its columns that change are in no index but for `ended_at_ms`,
 * which changes once.
 */
export function sagaTablesSql(schema: string): string {
  const { owners, definitions, instances, events, offsets, messages } = sagaTables(schema);
  return `
do $$ begin if to_regnamespace(${pg.escapeLiteral(pg.escapeIdentifier(schema))}) is null then create schema ${pg.escapeIdentifier(schema)}; end if; end $$;
create table if not exists ${owners} (
  saga text collate "C" primary key,
  epoch bigint not null,
  log text not null,
  owner text not null,
  since timestamptz not null default now()
);
create table if not exists ${definitions} (
  saga text collate "C" not null,
  hash text not null,
  definition text not null,
  primary key (saga, hash)
);
create table if not exists ${instances} (
  saga text collate "C" not null,
  correlation_id text collate "C" not null,
  version bigint not null,
  state text not null,
  definition_hash text not null,
  started_at_ms bigint not null,
  ended_at_ms bigint,
  primary key (saga, correlation_id)
) with (fillfactor = 70);
create index if not exists instances_active on ${instances} (saga, started_at_ms, correlation_id) where ended_at_ms is null;
create index if not exists instances_ended on ${instances} (saga, ended_at_ms, correlation_id) where ended_at_ms is not null;
create table if not exists ${events} (
  saga text collate "C" not null,
  correlation_id text collate "C" not null,
  version bigint not null,
  event text not null,
  recorded_at timestamptz not null default now(),
  primary key (saga, correlation_id, version)
);
create table if not exists ${offsets} (
  saga text collate "C" not null,
  topic text collate "C" not null,
  part integer not null,
  next_offset bigint not null,
  era integer not null,
  primary key (saga, topic, part)
) with (fillfactor = 50);
create table if not exists ${messages} (
  position bigint generated always as identity primary key,
  saga text collate "C" not null,
  topic text not null,
  message_key bytea,
  message_value bytea,
  headers text not null,
  timestamp_ms bigint
);
`;
}
