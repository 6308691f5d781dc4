import type { BinlogSettings, BinlogStart } from '../../connectors/mysql/binlog/binlog-stream.ts';
import { BinlogStream } from '../../connectors/mysql/binlog/binlog-stream.ts';
import type { BinlogHandler, EventHeader, QueryEvent, RowsEvent } from '../../connectors/mysql/binlog/events.ts';
import type { ConnectionSettings } from '../../connectors/mysql/connection.ts';
import type { MysqlAddress, MysqlFlavor } from '../services/mysql.ts';
import { freshServerId, settingsOf } from './mysql-decoded-tables.ts';

/** One event as a test remembers it. */
export type Heard = { readonly kind: keyof BinlogHandler; readonly text: string; readonly position: number; readonly compressed: boolean };

/** Remembers what a stream hands over: events as short texts, rows only counted unless `onRows` reads them. */
export class BinlogListener implements BinlogHandler {
  readonly heard: Heard[] = [];
  rowCount = 0;
  readonly #onRows: (event: RowsEvent) => void;

  constructor(onRows: (event: RowsEvent) => void = () => {}) {
    this.#onRows = onRows;
  }

  #note(kind: Heard['kind'], text: string, { position, compressed }: EventHeader): void {
    this.heard.push({ kind, text, position, compressed });
  }

  /** Texts of that kind. */
  texts(kind: Heard['kind']): string[] {
    return this.heard.filter(event => event.kind === kind).map(({ text }) => text);
  }

  gtid(event: { gtid: string | null }, header: EventHeader): void {
    this.#note('gtid', event.gtid ?? 'anonymous', header);
  }
  query(event: QueryEvent, header: EventHeader): void {
    this.#note('query', event.statement, header);
  }
  rowsQuery(statement: string, header: EventHeader): void {
    this.#note('rowsQuery', statement, header);
  }
  rows(event: RowsEvent, header: EventHeader): void {
    this.#note('rows', `${event.kind} ${event.table.table}`, header);
    this.#onRows(event);
  }
  xid(_xid: bigint, header: EventHeader): void {
    this.#note('xid', '', header);
  }
  xaPrepare(onePhase: boolean, header: EventHeader): void {
    this.#note('xaPrepare', String(onePhase), header);
  }
  rotate(header: EventHeader): void {
    this.#note('rotate', header.file, header);
  }
  heartbeat(header: EventHeader): void {
    this.#note('heartbeat', String(header.nextPosition), header);
  }
  incident(message: string, header: EventHeader): void {
    this.#note('incident', message, header);
  }
}

/** A stream of that server's binlog. */
export function openStream(
  flavor: MysqlFlavor,
  address: MysqlAddress,
  start: Partial<BinlogStart>,
  settings: Partial<BinlogSettings> = {},
  connection: Partial<ConnectionSettings> = {},
): Promise<BinlogStream> {
  return BinlogStream.open(
    { ...settingsOf(address), ...connection },
    { flavor, serverId: freshServerId(), heartbeatMs: 1_000, statements: true, ...settings },
    { file: 'binlog.000001', position: 4, gtids: null, ...start },
  );
}

/** Reads until the handler has heard enough. */
export async function listenUntil(stream: BinlogStream, listener: BinlogListener, enough: () => boolean): Promise<void> {
  while (!enough()) await stream.next(listener);
}
