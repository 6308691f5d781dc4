import { schemas, type Value } from '../../../../src/contract/index.ts';
import { isoDate } from '../../../debezium/values/iso-format.ts';
import { logical } from '../../../debezium/values/logical-schema.ts';
import { unreadable } from '../../../debezium/values/unreadable.ts';
import type { Read, TypeReader } from '../type-reader.ts';
import type { ValueOptions } from '../value-options.ts';
import { infinitySign, isBeforeChrist, scanDate, scanned } from './scan.ts';

/** An int32 has no infinity: its ends stand for it (the reference gives other numbers in the snapshot than in the stream). */
const infiniteDays = { 1: 0x7fff_ffff, [-1]: -0x8000_0000 } as const;

function readDays(bytes: Buffer, start: number, end: number): number {
  const sign = infinitySign(bytes, start, end);
  if (sign !== 0) return infiniteDays[sign];
  const beforeChrist = isBeforeChrist(bytes, start, end);
  const stop = beforeChrist ? end - 3 : end;
  scanDate(bytes, start, stop, beforeChrist, 'date');
  if (scanned.next !== stop) throw unreadable('date');
  return scanned.days;
}

const readIso: Read = (bytes, start, end): Value => {
  const sign = infinitySign(bytes, start, end);
  if (sign !== 0) return sign > 0 ? 'infinity' : '-infinity';
  return `${isoDate(readDays(bytes, start, end))}Z`;
};

export function dateReader({ timePrecisionMode }: ValueOptions): TypeReader {
  if (timePrecisionMode === 'isostring')
    return { schema: logical('string', 'io.debezium.time.IsoDate'), read: readIso, fallback: '1970-01-01Z', unavailable: '1970-01-01Z' };
  const name = timePrecisionMode === 'connect' ? schemas.connectDate : 'io.debezium.time.Date';
  return { schema: logical('int32', name), read: readDays, fallback: 0, unavailable: 0 };
}
