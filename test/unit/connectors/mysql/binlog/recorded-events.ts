import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MysqlFlavor } from '../../../../../connectors/mysql/binlog/binlog-stream.ts';
import { EventCursor } from '../../../../../connectors/mysql/binlog/cursor.ts';
import { EventDecoder } from '../../../../../connectors/mysql/binlog/decoder.ts';
import type { BinlogHandler, EventHeader, RowsEvent } from '../../../../../connectors/mysql/binlog/events.ts';
import type { RowLayout } from '../../../../../connectors/mysql/binlog/rows-event.ts';
import type { TableMap } from '../../../../../connectors/mysql/binlog/table-map.ts';
import { eventsOfPayload, readTransactionPayload } from '../../../../../connectors/mysql/binlog/transaction-payload.ts';
import { reconcileTable } from '../../../../../connectors/mysql/reconcile.ts';
import { rowLayout } from '../../../../../connectors/mysql/row-layout.ts';
import { charsetDecoder } from '../../../../../connectors/mysql/values/charsets.ts';
import { createColumnReader } from '../../../../../connectors/mysql/values/column-reader.ts';
import { defaultValueOptions } from '../../../../../connectors/mysql/values/value-options.ts';
import type { Value } from '../../../../../src/contract/index.ts';

/** Events that MySQL 9.7 and MariaDB 10.11 wrote, without checksums: every type that row-based replication has. */
export type RecordedEvent = { readonly flavor: MysqlFlavor; readonly type: number; readonly bytes: Buffer };

export const recordedEvents: readonly RecordedEvent[] = readFileSync(join(import.meta.dirname, 'events.ndjson'), 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as { flavor: MysqlFlavor; type: number; event: string })
  .map(({ flavor, type, event }) => ({ flavor, type, bytes: Buffer.from(event, 'base64') }));

const charsets: Readonly<Record<number, string>> = { 8: 'latin1', 63: 'binary', 45: 'utf8mb4', 46: 'utf8mb4', 255: 'utf8mb4' };

/** A layout of the table as its metadata describes it. */
export function layoutOf(map: TableMap): RowLayout {
  const id = { catalog: map.database, schema: '', table: map.table };
  const model = reconcileTable(id, null, map, {
    charsetOf: collation => charsets[collation] ?? 'utf8mb4',
    decode: (bytes, charset) => charsetDecoder(charset)(Buffer.from(bytes), 0, bytes.length),
  });
  const made = rowLayout(
    map,
    model.columns.map(column => createColumnReader(column, defaultValueOptions)),
  );
  return 'layout' in made ? made.layout : [];
}

/** What a handler was told, with the rows of row events. */
export type Told = { readonly kind: string; readonly what: unknown };

export function teller(told: Told[]): BinlogHandler {
  const tell = (kind: string) => (what: unknown) => void told.push({ kind, what });
  const layouts = new Map<TableMap, RowLayout>();
  return {
    gtid: tell('gtid'),
    query: tell('query'),
    rowsQuery: tell('rowsQuery'),
    xid: tell('xid'),
    xaPrepare: tell('xaPrepare'),
    rotate: tell('rotate'),
    heartbeat: tell('heartbeat'),
    incident: tell('incident'),
    rows: (event: RowsEvent) => {
      const layout = layouts.get(event.table) ?? layoutOf(event.table);
      layouts.set(event.table, layout);
      const rows: (readonly [Value[] | null, Value[] | null])[] = [];
      event.each(layout, (before, after) => rows.push([before, after]));
      told.push({ kind: `${event.kind} ${event.table.table}`, what: rows });
    },
  };
}

export function headerOf(bytes: Buffer): EventHeader {
  return {
    file: 'binlog.000001',
    position: 4,
    nextPosition: 4,
    timestamp: 0,
    type: bytes[4] ?? 0,
    serverId: 1,
    size: bytes.length,
    compressed: false,
  };
}

/** Decodes events one after the other, those of compressed transactions too; rotations and heartbeats are the stream's. */
export async function decodeAll(events: readonly Buffer[], handler: BinlogHandler): Promise<void> {
  const decoder = new EventDecoder();
  for (const bytes of events) {
    const type = bytes[4];
    if (type === 4 || type === 27 || type === 41) continue;
    if (type !== 40) {
      decoder.decode(bytes, 0, bytes.length, headerOf(bytes), handler);
      continue;
    }
    const payload = readTransactionPayload(new EventCursor().start(bytes, 19, bytes.length));
    for await (const group of eventsOfPayload(payload)) {
      for (let at = 0; at < group.length; ) {
        const size = group.readUInt32LE(at + 9);
        decoder.decode(group, at, at + size, headerOf(group.subarray(at, at + size)), handler);
        at += size;
      }
    }
  }
}
