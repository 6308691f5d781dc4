import type { JsonObject, JsonValue } from '../../src/contract/index.ts';

/** Whether one GTID set holds all that another does. Both as the offsets hold them. */
export type GtidContainment = (outer: string, inner: string) => boolean;

function text(json: JsonValue | undefined): string | null {
  return typeof json === 'string' && json !== '' ? json : null;
}

function number(json: JsonValue | undefined): number {
  return typeof json === 'number' ? json : Number(typeof json === 'string' ? json : 0);
}

/** `mysql-bin.000009` before `mysql-bin.000010`, and before `mysql-bin.1000000`. */
function compareFiles(a: string, b: string): number {
  const sequence = (file: string) => Number(file.slice(file.lastIndexOf('.') + 1));
  return sequence(a) - sequence(b);
}

/**
 * Whether a recorded position is behind an offset, so that what was recorded there is yet to come. After Debezium's
 * BinlogHistoryRecordComparator, but for what cannot be told: GTID sets are only partly ordered, and positions of two servers without GTIDs
 * not at all. An entry became durable with its offset, so it counts unless it is known to be later.
 */
export function isAfter(recorded: JsonObject, offset: JsonObject, contains: GtidContainment): boolean {
  const [recordedGtids, offsetGtids] = [text(recorded['gtids']), text(offset['gtids'])];
  if (recordedGtids !== null && offsetGtids !== null) {
    if (!contains(offsetGtids, recordedGtids)) return contains(recordedGtids, offsetGtids);
    if (!contains(recordedGtids, offsetGtids)) return false;
    return number(recorded['event']) > number(offset['event']) || (isSnapshot(offset) && !isSnapshot(recorded));
  }
  // GTIDs are switched on at some time, and hardly ever off.
  if (offsetGtids !== null) return false;
  if (recordedGtids !== null) return true;
  const [recordedServer, offsetServer] = [number(recorded['server_id']), number(offset['server_id'])];
  // The snapshot does not know the server's number.
  if (recordedServer !== offsetServer && recordedServer !== 0 && offsetServer !== 0)
    return number(recorded['ts_sec']) > number(offset['ts_sec']);
  const steps = [
    compareFiles(text(recorded['file']) ?? '', text(offset['file']) ?? ''),
    number(recorded['pos']) - number(offset['pos']),
    number(recorded['event']) - number(offset['event']),
    number(recorded['row']) - number(offset['row']),
  ];
  return (steps.find(step => step !== 0) ?? 0) > 0;
}

function isSnapshot(position: JsonObject): boolean {
  const snapshot = position['snapshot'];
  return snapshot !== undefined && snapshot !== false && snapshot !== 'false' && snapshot !== null;
}
