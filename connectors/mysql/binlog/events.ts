import type { RowsEvent } from './rows-event.ts';
import type { TableMap } from './table-map.ts';

/** A server's UUID with dashes, or with its tag behind a colon (MySQL 8.4): `uuid` or `uuid:tag`. */
export type MysqlSource = string;

/** GTID, GTID_TAGGED or ANONYMOUS_GTID of MySQL, GTID of MariaDB: a transaction begins, or a statement that is one by itself. */
export type GtidEvent = {
  /** As the server writes it: `uuid:17`, `uuid:tag:17`, of MariaDB `0-1-17`; null: anonymous. */
  readonly gtid: string | null;
  /** When the source committed it, where it says: MySQL 8. */
  readonly commitMicros: bigint | null;
  /** MariaDB: one statement without BEGIN and COMMIT (DDL). MySQL does not say. */
  readonly standalone: boolean;
};

/** QUERY: a statement that was written as it is. BEGIN, COMMIT, SAVEPOINT, DDL, XA. */
export type QueryEvent = {
  readonly threadId: number;
  /** The session's database; empty: none. */
  readonly database: string;
  readonly statement: string;
  /** Seen by the statement's session where the server says: the bits of sql_mode (include/my_base: MODE_NO_BACKSLASH_ESCAPES ...). */
  readonly sqlMode: bigint | null;
  /** Numbers of collation_connection and collation_server, and of the database where it differs; null: not said. */
  readonly collations: { readonly client: number; readonly connection: number; readonly server: number } | null;
  /** 0: it went well on the source. */
  readonly errorCode: number;
};

/** Where the event stands that a handler is being given. One object for all events: copy what is kept. */
export type EventHeader = {
  /** The binlog file. */
  file: string;
  /** Where the event begins, as Debezium's `pos`; of an event within a compressed transaction, where that begins. */
  position: number;
  /** Where to go on: behind the event; of all events but the last of a compressed transaction, where that begins. */
  nextPosition: number;
  /** Seconds since 1970, of the statement's start. */
  timestamp: number;
  type: number;
  serverId: number;
  /** Bytes of the event in the binlog, header and checksum included. */
  size: number;
  /** The event lies in a compressed transaction (TRANSACTION_PAYLOAD), of which `position` and `nextPosition` speak. */
  compressed: boolean;
};

/**
 * What a BinlogStream hands over, in the binlog's order and without waiting in between. Memory of row events is not used again, so views
 * of it may be kept. Transactions come as `gtid` (not without GTIDs on servers before 5.7), `query` (BEGIN), `rowsQuery`, `rows` ...,
 * then `xid`, or `query` with COMMIT where no transactional table took part; DDL as `gtid`, `query`. XA transactions end with
 * `xaPrepare`.
 */
export interface BinlogHandler {
  gtid(event: GtidEvent, header: EventHeader): void;
  query(event: QueryEvent, header: EventHeader): void;
  /** The original statement of the row events that follow (binlog_rows_query_log_events, binlog_annotate_row_events). */
  rowsQuery(statement: string, header: EventHeader): void;
  rows(event: RowsEvent, header: EventHeader): void;
  /** COMMIT. */
  xid(xid: bigint, header: EventHeader): void;
  /** The first phase of a two-phase commit; `onePhase`: it commits at once. */
  xaPrepare(onePhase: boolean, header: EventHeader): void;
  /** The binlog goes on in another file; `header` already names it. Also first of all. */
  rotate(header: EventHeader): void;
  /** Nothing new: everything up to `header.nextPosition` has been sent. */
  heartbeat(header: EventHeader): void;
  /** INCIDENT: the server says that events are missing here. */
  incident(message: string, header: EventHeader): void;
}

export type { RowsEvent, TableMap };
