import { inflateEvent } from './compression.ts';
import { EventCursor } from './cursor.ts';
import type { MysqlFlavor } from './dump.ts';
import { eventHeaderBytes, ignorableFlag, eventTypes as types } from './event-types.ts';
import type { BinlogHandler, EventHeader } from './events.ts';
import { readGtidEvent, readMariadbGtidEvent, readTaggedGtidEvent } from './gtid-events.ts';
import { malformed } from './malformed.ts';
import { readQueryEvent } from './query-event.ts';
import { RowsEvent } from './rows-event.ts';
import { readTableMap, type TableMap } from './table-map.ts';

/** Events that say nothing a reader of rows asks for. */
const uninteresting: ReadonlySet<number> = new Set([
  types.STOP,
  types.INTVAR,
  types.RAND,
  types.USER_VAR,
  types.FORMAT_DESCRIPTION,
  types.BEGIN_LOAD_QUERY,
  types.EXECUTE_LOAD_QUERY,
  types.IGNORABLE,
  types.PREVIOUS_GTIDS,
  types.TRANSACTION_CONTEXT,
  types.VIEW_CHANGE,
  types.MARIADB_BINLOG_CHECKPOINT,
  types.MARIADB_GTID_LIST,
]);

/** Tables that are remembered with what is compiled from them; a table's id changes with every schema change. */
const tablesMax = 4_096;
const endOfStatementFlag = 1;

type KnownTable = { readonly bytes: Buffer; readonly table: TableMap };

/**
 * Decodes events of binlog version 4: those of MySQL 5.6 to 9 and MariaDB 10. Keeps the tables that row events refer to, between events.
 * Throws SluiceError MALFORMED_MESSAGE for what is not as the format has it, before the handler hears of it; a row's values are checked when
 * they are read (`RowsEvent.each`). Rotations, heartbeats, checksums and compressed transactions are the stream's.
 */
export class EventDecoder {
  readonly #cursor = new EventCursor();
  readonly #inflated = new EventCursor();
  /** By id. */
  readonly #tables = new Map<number, KnownTable>();
  readonly #rows: RowsEvent;
  readonly #inflatedRows: RowsEvent;
  readonly #mariadb: boolean;

  /** What the server is, where that does not show in its events: table maps of MariaDB list more collations. */
  constructor(flavor: MysqlFlavor = 'mysql') {
    this.#mariadb = flavor === 'mariadb';
    const none: TableMap = { tableId: 0, database: '', table: '', columns: [], primaryKey: null, full: false };
    this.#rows = new RowsEvent(none, this.#cursor);
    this.#inflatedRows = new RowsEvent(none, this.#inflated);
  }

  /** The event bytes[start, end), without its checksum. */
  decode(bytes: Buffer, start: number, end: number, header: EventHeader, handler: BinlogHandler): void {
    const cursor = this.#cursor.start(bytes, start + eventHeaderBytes, end);
    switch (header.type) {
      case types.TABLE_MAP:
        this.#tableMap(cursor);
        break;
      case types.WRITE_ROWS:
      case types.UPDATE_ROWS:
      case types.DELETE_ROWS:
      case types.PARTIAL_UPDATE_ROWS:
      case types.WRITE_ROWS_V1:
      case types.UPDATE_ROWS_V1:
      case types.DELETE_ROWS_V1:
      case types.MARIADB_WRITE_ROWS_COMPRESSED_V1:
      case types.MARIADB_UPDATE_ROWS_COMPRESSED_V1:
      case types.MARIADB_DELETE_ROWS_COMPRESSED_V1:
        this.#rowsEvent(cursor, header, handler);
        break;
      case types.GTID:
      case types.ANONYMOUS_GTID:
        handler.gtid(readGtidEvent(cursor, header.type === types.ANONYMOUS_GTID), header);
        break;
      case types.GTID_TAGGED:
        handler.gtid(readTaggedGtidEvent(cursor), header);
        break;
      case types.MARIADB_GTID:
        handler.gtid(readMariadbGtidEvent(cursor, header.serverId), header);
        break;
      case types.QUERY:
        handler.query(readQueryEvent(cursor), header);
        break;
      case types.MARIADB_QUERY_COMPRESSED:
        handler.query(
          readQueryEvent(cursor, rest => inflateEvent(rest).toString('utf8')),
          header,
        );
        break;
      case types.XID:
        handler.xid(cursor.uint64(), header);
        break;
      case types.XA_PREPARE:
        handler.xaPrepare(cursor.uint8() !== 0, header);
        break;
      case types.ROWS_QUERY:
        cursor.take(1); // a length that wraps
        handler.rowsQuery(cursor.rest(), header);
        break;
      case types.MARIADB_ANNOTATE_ROWS:
        handler.rowsQuery(cursor.rest(), header);
        break;
      case types.INCIDENT:
        cursor.take(2);
        handler.incident(cursor.left > 0 ? cursor.text(cursor.uint8()) : '', header);
        break;
      case types.MARIADB_START_ENCRYPTION:
        throw malformed('it is encrypted: the server must send the binlog decrypted');
      default: {
        const flags = bytes.readUInt16LE(start + 17);
        if (!uninteresting.has(header.type) && (flags & ignorableFlag) === 0)
          throw malformed(`its type ${header.type} is unknown and not marked as one that may be skipped`);
      }
    }
  }

  #tableMap(cursor: EventCursor): void {
    const { at, end } = cursor;
    const known = this.#tables.get(cursor.uint48());
    if (known !== undefined && known.bytes.length === end - at && known.bytes.compare(cursor.bytes, at, end) === 0) return;
    cursor.at = at;
    const bytes = Buffer.from(cursor.bytes.subarray(at, end));
    const table = readTableMap(cursor, this.#mariadb);
    if (this.#tables.size >= tablesMax)
      for (const id of this.#tables.keys()) {
        this.#tables.delete(id); // the oldest
        break;
      }
    this.#tables.delete(table.tableId);
    this.#tables.set(table.tableId, { bytes, table });
  }

  #rowsEvent(cursor: EventCursor, header: EventHeader, handler: BinlogHandler): void {
    const { type } = header;
    const compressed = type >= types.MARIADB_WRITE_ROWS_COMPRESSED_V1 && type <= types.MARIADB_DELETE_ROWS_COMPRESSED_V1;
    const tableId = cursor.uint48();
    const flags = cursor.uint16();
    // Version 2 has extra data here, for NDB and partitions.
    if (type >= types.WRITE_ROWS && !compressed) {
      const extraBytes = cursor.uint16();
      if (extraBytes < 2) throw malformed('a row event whose extra data has no length');
      cursor.take(extraBytes - 2);
    }
    const count = cursor.packedInt();
    const known = this.#tables.get(tableId);
    if (known === undefined) throw malformed(`rows of table ${tableId} came before its description`);
    const { table } = known;
    if (count !== table.columns.length) throw malformed(`rows of ${count} columns where table ${table.table} has ${table.columns.length}`);
    const kind = kindOf(type);
    const first = presentColumns(cursor, count);
    const second = kind === 'update' ? presentColumns(cursor, count) : null;
    let rows = this.#rows;
    if (compressed) {
      const inflated = inflateEvent(cursor);
      this.#inflated.start(inflated, 0, inflated.length);
      rows = this.#inflatedRows;
    }
    rows.set(
      kind,
      table,
      { before: kind === 'insert' ? null : first, after: kind === 'insert' ? first : second, partial: type === types.PARTIAL_UPDATE_ROWS },
      (flags & endOfStatementFlag) !== 0,
    );
    handler.rows(rows, header);
  }
}

function kindOf(type: number): RowsEvent['kind'] {
  switch (type) {
    case types.WRITE_ROWS:
    case types.WRITE_ROWS_V1:
    case types.MARIADB_WRITE_ROWS_COMPRESSED_V1:
      return 'insert';
    case types.DELETE_ROWS:
    case types.DELETE_ROWS_V1:
    case types.MARIADB_DELETE_ROWS_COMPRESSED_V1:
      return 'delete';
    default:
      return 'update';
  }
}

/** One bit a column; null: every column is there. */
function presentColumns(cursor: EventCursor, count: number): Buffer | null {
  const bits = cursor.view((count + 7) >> 3);
  for (let index = 0; index < count; index++) if (((bits[index >> 3]! >> (index & 7)) & 1) === 0) return bits;
  return null;
}
