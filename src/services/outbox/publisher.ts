import { SluiceError } from '../../contract/index.ts';
import { newEventId, timestampMsMax } from '../event-store/event-checks.ts';
import { type IntegerRange, jsonText } from '../event-store/json-text.ts';
import { isJsonbText } from '../event-store/postgres/jsonb-limits.ts';
import { checkStream, formatStream, nameFault } from '../event-store/stream-id.ts';
import type { DomainEvent } from './define-event.ts';
import { type OutboxTable, quotedTable } from './outbox-table.ts';

/** A connection of the caller's own, in whose transaction the event is stored: a client of `pg`, or of `mysql2/promise`. */
export type OutboxConnection = { query(sql: string, params: unknown[]): Promise<unknown> };

/** Publishes events of a service that is not event-sourced: each is a row of its outbox table, which the outbox EventRouter makes a record of. */
export type Publisher = {
  /**
   * Stores the event with whatever else the transaction of `connection` changes: both are committed, or none. Answers the event's id. Throws SluiceError EVENT_INVALID
   * before anything is sent, else what the connection reports, as when the id is there already.
   */
  publish(connection: OutboxConnection, event: DomainEvent): Promise<string>;
  /**
   * Deletes rows of events that happened before `beforeMs` (milliseconds since 1970), at most `rowsMax`. They are published from the database's log, so they are not
   * needed once the connector that reads it is past them; one that starts anew publishes what is left.
   */
  purge(connection: OutboxConnection, beforeMs: number, rowsMax?: number): Promise<void>;
};

/** What a topic's name may hold: the aggregate's type is a part of it. */
const topicPart = /^[a-zA-Z0-9._-]+$/;
const purgeRowsMax = 10_000;
/** What MySQL's JSON keeps as an integer: what is beyond becomes a double. */
const mysqlIntegers: IntegerRange = { least: -(2n ** 63n), most: 2n ** 64n - 1n };

const columns = [
  ...['id', 'aggregatetype', 'aggregateid', 'type', 'payload'],
  ...['schema_version', 'correlation_id', 'causation_id', 'user_id', 'occurred_at'],
];

const invalid = (message: string) => new SluiceError('EVENT_INVALID', message);

/** A moment as both databases take it for a column without time zone: UTC. */
const moment = (ms: number) => new Date(ms).toISOString().slice(0, 23).replace('T', ' ');

/** Throws SluiceError CONFIG_INVALID for a table that cannot be one. */
export function createPublisher(options: OutboxTable = {}): Publisher {
  const postgres = (options.dialect ?? 'postgres') === 'postgres';
  const table = quotedTable(options);
  const marks = columns.map((_, index) => (postgres ? `$${index + 1}` : '?')).join(', ');
  const insert = `insert into ${table} (${columns.join(', ')}) values (${marks})`;
  const erase = postgres
    ? `delete from ${table} where id in (select id from ${table} where occurred_at < $1 limit $2)`
    : `delete from ${table} where occurred_at < ? limit ?`;
  return {
    async publish(connection, event) {
      const row = rowOf(event, postgres);
      await connection.query(insert, row);
      return row[0];
    },
    async purge(connection, beforeMs, rowsMax = purgeRowsMax) {
      await connection.query(erase, [moment(beforeMs), rowsMax]);
    },
  };
}

type OutboxRow = [id: string, ...rest: (string | number | null)[]];

/** The event's columns, checked: what is wrong here would stop the connector that reads it. */
function rowOf(event: DomainEvent, postgres: boolean): OutboxRow {
  const { aggregate, type, data, schemaVersion, metadata = {}, timestampMs = Date.now() } = event;
  const { id = newEventId(timestampMs) } = event;
  checkStream(aggregate);
  const of = `An event ${type} of ${formatStream(aggregate)}`;
  const fault = nameFault('event type', type) ?? nameFault('event id', id);
  if (fault !== null) throw invalid(`${of}: ${fault}`);
  if (!topicPart.test(aggregate.type))
    throw invalid(`${of}: its aggregate type is a part of the topic's name, which holds letters, digits, dots, underscores and hyphens.`);
  if (!Number.isSafeInteger(timestampMs) || timestampMs < 0 || timestampMs > timestampMsMax)
    throw invalid(`${of}: timestampMs is no whole number of milliseconds between 1970 and the end of 9999.`);
  const payload = jsonText(data, of, 'data', postgres ? undefined : mysqlIntegers);
  if (postgres && !isJsonbText(payload))
    throw invalid(`${of} holds U+0000 or half of a surrogate pair, which PostgreSQL's jsonb cannot hold.`);
  const { correlationId, causationId, userId, ...others } = metadata;
  const [more] = Object.keys(others);
  if (more !== undefined)
    throw invalid(`${of}: metadata.${more} has no column in the outbox; there are correlationId, causationId and userId.`);
  const named = (name: string, value: unknown) => {
    if (value === undefined || value === null) return null;
    const wrong = nameFault(`metadata.${name}`, value);
    if (wrong !== null) throw invalid(`${of}: ${wrong}`);
    return String(value);
  };
  return [
    ...([id, aggregate.type, aggregate.id, type, payload, schemaVersion] as const),
    ...[named('correlationId', correlationId), named('causationId', causationId), named('userId', userId), moment(timestampMs)],
  ];
}
