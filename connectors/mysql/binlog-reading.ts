import type { Connection } from 'mysql2';
import type { DatabaseReading, JsonValue, SourceOffset } from '../../src/contract/index.ts';
import { query } from './connection.ts';
import { compareFiles, readPosition } from './position.ts';
import { binlogFiles } from './server.ts';

/** A server's binlog as it was when asked. */
export type BinlogFigures = {
  /** Sizes by file, in their order. The last one is being written, and ends where the binlog does. */
  readonly files: ReadonlyMap<string, number>;
  /** How long the server keeps a file; null: until somebody purges it. */
  readonly keptSeconds: number | null;
};

type Place = { readonly file: string; readonly position: number };

/** Asks the server. MySQL and MariaDB, and their versions, have other variables. */
export async function figuresOf(client: Connection): Promise<BinlogFigures> {
  const files = await binlogFiles(client);
  const rows = await query(
    client,
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('binlog_expire_logs_seconds', 'binlog_expire_logs_auto_purge', 'expire_logs_days')",
  );
  const variables = new Map(rows.map(row => [String(row['Variable_name']), String(row['Value'])]));
  return { files, keptSeconds: keptSeconds(variables) };
}

/** By the server's variables; 0 is for ever. */
export function keptSeconds(variables: ReadonlyMap<string, string>): number | null {
  if (variables.get('binlog_expire_logs_auto_purge') === 'OFF') return null;
  const seconds = Number(variables.get('binlog_expire_logs_seconds') ?? 0);
  const days = Number(variables.get('expire_logs_days') ?? 0);
  return seconds > 0 ? seconds : days > 0 ? days * 86_400 : null;
}

/** What the figures say of a connector whose offset of the stream this is. Pure. */
export function binlogReading(
  { files, keptSeconds: windowSeconds }: BinlogFigures,
  stored: SourceOffset | null,
  before: DatabaseReading | null,
  atMs: number,
): DatabaseReading {
  const [file, position] = [...files].at(-1) ?? ['', 0];
  const found = stored?.offset ? readPosition(stored.offset) : null;
  // After a failover an offset may name a file of the server before: only GTIDs say where it is then.
  const place = found !== null && files.has(found.position.file) ? found.position : null;
  const lagBytes = place === null ? null : bytesFrom(files, place);
  const lastSeconds = found?.position.timestampSeconds ?? null;
  return {
    atMs,
    end: { file, position },
    completeToMs: found?.snapshotCompleted ? completeTo(place, lagBytes, lastSeconds, before, atMs) : null,
    lagBytes,
    logBytes: total(files.values()),
    logLimitBytes: null,
    headroomBytes: place === null || lagBytes === null ? null : total(files.values()) - lagBytes,
    headroomSeconds: headroomSeconds(windowSeconds, lagBytes, lastSeconds, atMs),
    windowSeconds,
    slotWalStatus: null,
    warnings: [],
    givingUp: null,
  };
}

/** What lies at the end is kept for the whole time; what lies before is as old as the last event that was read. */
function headroomSeconds(keptFor: number | null, lagBytes: number | null, lastSeconds: number | null, atMs: number): number | null {
  if (keptFor === null || lagBytes === null) return null;
  if (lagBytes === 0) return keptFor;
  return lastSeconds === null ? null : Math.max(0, keptFor - Math.max(0, atMs / 1000 - lastSeconds));
}

function completeTo(
  place: Place | null,
  lagBytes: number | null,
  lastSeconds: number | null,
  before: DatabaseReading | null,
  atMs: number,
): number | null {
  if (lagBytes === 0) return atMs;
  const end = placeOf(before?.end ?? null);
  const passed = before !== null && end !== null && place !== null && !isBefore(place, end) ? before.atMs : null;
  const lastMs = lastSeconds === null ? null : lastSeconds * 1000;
  return passed === null || lastMs === null ? (passed ?? lastMs) : Math.max(passed, lastMs);
}

/** From a place to the binlog's end. */
function bytesFrom(files: ReadonlyMap<string, number>, { file: from, position }: Place): number {
  const behind = [...files].filter(([file]) => compareFiles(file, from) > 0).map(([, size]) => size);
  return Math.max(0, (files.get(from) ?? 0) - position) + total(behind);
}

function isBefore(a: Place, b: Place): boolean {
  const order = compareFiles(a.file, b.file);
  return order < 0 || (order === 0 && a.position < b.position);
}

function placeOf(json: JsonValue): Place | null {
  if (json === null || typeof json !== 'object' || !('file' in json)) return null;
  const { file, position } = json;
  return typeof file === 'string' && typeof position === 'number' ? { file, position } : null;
}

function total(sizes: Iterable<number>): number {
  let sum = 0;
  for (const size of sizes) sum += size;
  return sum;
}
