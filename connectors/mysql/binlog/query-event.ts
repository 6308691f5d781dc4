import type { EventCursor } from './cursor.ts';
import type { QueryEvent } from './events.ts';
import { malformed } from './malformed.ts';

/** Query_event::Query_event_status_vars, as far as their sizes are fixed; the rest are in `skipStatusVariable`. */
const fixedSizes: Readonly<Record<number, number>> = {
  0: 4, // FLAGS2
  1: 8, // SQL_MODE
  3: 4, // AUTO_INCREMENT
  4: 6, // CHARSET
  7: 2, // LC_TIME_NAMES
  8: 2, // CHARSET_DATABASE
  9: 8, // TABLE_MAP_FOR_UPDATE
  10: 4, // MASTER_DATA_WRITTEN
  13: 3, // MICROSECONDS
  16: 1, // EXPLICIT_DEFAULTS_FOR_TIMESTAMP
  17: 8, // DDL_LOGGED_WITH_XID
  18: 2, // DEFAULT_COLLATION_FOR_UTF8MB4
  19: 1, // SQL_REQUIRE_PRIMARY_KEY
  20: 1, // DEFAULT_TABLE_ENCRYPTION
  128: 3, // MariaDB: HRNOW
  129: 8, // MariaDB: XID
  130: 2, // MariaDB: GTID_FLAGS3
};

const sqlModeVariable = 1;
const charsetVariable = 4;

/** Moves behind a status variable; false: it is of an unknown kind, so the rest of them cannot be read. */
function skipStatusVariable(cursor: EventCursor, kind: number): boolean {
  const size = fixedSizes[kind];
  if (size !== undefined) cursor.take(size);
  else if (kind === 2)
    cursor.take(cursor.uint8() + 1); // CATALOG, with a zero byte
  else if (kind === 5 || kind === 6)
    cursor.take(cursor.uint8()); // TIME_ZONE, CATALOG_NZ
  else if (kind === 11) {
    // INVOKER: user, host
    cursor.take(cursor.uint8());
    cursor.take(cursor.uint8());
  } else return false;
  return true;
}

/** QUERY behind its header. The text is UTF-8 unless the client spoke another character set, which DDL hardly ever does. */
export function readQueryEvent(cursor: EventCursor, statementOf: (cursor: EventCursor) => string = rest => rest.rest()): QueryEvent {
  const threadId = cursor.uint32();
  cursor.take(4); // seconds it took
  const databaseBytes = cursor.uint8();
  const errorCode = cursor.uint16();
  const statusBytes = cursor.uint16();
  const statusEnd = cursor.take(statusBytes) + statusBytes;
  const eventEnd = cursor.end;
  cursor.at = statusEnd - statusBytes;
  cursor.end = statusEnd;
  let sqlMode: bigint | null = null;
  let collations: QueryEvent['collations'] = null;
  while (cursor.left > 0) {
    const kind = cursor.uint8();
    if (kind === sqlModeVariable) sqlMode = cursor.uint64();
    else if (kind === charsetVariable) collations = { client: cursor.uint16(), connection: cursor.uint16(), server: cursor.uint16() };
    else if (!skipStatusVariable(cursor, kind)) break;
  }
  cursor.at = statusEnd;
  cursor.end = eventEnd;
  const database = cursor.text(databaseBytes);
  if (cursor.uint8() !== 0) throw malformed('the name of a database that does not end');
  return { threadId, database, statement: statementOf(cursor), sqlMode, collations, errorCode };
}
