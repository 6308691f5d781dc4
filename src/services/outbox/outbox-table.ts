import { SluiceError } from '../../contract/index.ts';

/** Whose SQL is spoken. */
export type OutboxDialect = 'postgres' | 'mysql';

export type OutboxTable = {
  /** `table` or `schema.table`; default `outbox`. */
  readonly table?: string;
  /** Default `postgres`; `mysql` is MariaDB's too. */
  readonly dialect?: OutboxDialect;
};

/** The table quoted for SQL. Throws SluiceError CONFIG_INVALID for a name of more than two parts, or an empty one. */
export function quotedTable({ table = 'outbox', dialect = 'postgres' }: OutboxTable): string {
  const quote = dialect === 'postgres' ? '"' : '`';
  const parts = table.split('.');
  if (parts.length > 2 || parts.includes(''))
    throw new SluiceError('CONFIG_INVALID', `'${table}' is no outbox table: write table or schema.table.`);
  return parts.map(part => quote + part.replaceAll(quote, quote + quote) + quote).join('.');
}

/**
 * The statement that makes an outbox table where it is not there: the columns that Debezium's outbox EventRouter reads by default (id, aggregatetype,
 * aggregateid, type, payload), and what `outboxRouting` puts into headers.
 */
export function outboxSql(options: OutboxTable = {}): string {
  const mysql = options.dialect === 'mysql';
  return `create table if not exists ${quotedTable(options)} (
  id varchar(255) not null primary key,
  aggregatetype varchar(255) not null,
  aggregateid varchar(255) not null,
  type varchar(255) not null,
  payload ${mysql ? 'json' : 'jsonb'} not null,
  schema_version int not null,
  correlation_id varchar(255),
  causation_id varchar(255),
  user_id varchar(255),
  occurred_at ${mysql ? 'datetime(3)' : 'timestamp(3)'} not null
)`;
}
