import type { JsonObject } from '../../src/contract/index.ts';
import type { MysqlFlavor } from './binlog/dump.ts';
import { MysqlGtidSet } from './gtid.ts';
import { gtidContainment } from './lost-position.ts';
import { MariadbGtidSet } from './mariadb-gtid.ts';
import { compareFiles } from './position.ts';

/**
 * What a snapshot saw: every transaction before its place in the binlog, which is exact since writes waited while it was opened (or since the
 * server told the place itself).
 */
export type SnapshotView = { readonly file: string; readonly position: number; readonly gtids: string | null };

/** A transaction of the stream. */
export type StreamedTransaction = {
  readonly gtid: string | null;
  readonly file: string;
  /** Where it begins. */
  readonly position: number;
};

export function writtenView({ file, position, gtids }: SnapshotView): JsonObject {
  return { file, pos: position, ...(gtids !== null && { gtids }) };
}

/** Reads what `writtenView` wrote. */
export function readView({ file, pos, gtids }: JsonObject): SnapshotView {
  return { file: String(file), position: Number(pos), gtids: typeof gtids === 'string' ? gtids : null };
}

/** Whether a view saw a transaction: by its GTID, since another server may have it elsewhere; else by its place. */
export function sees(flavor: MysqlFlavor, view: SnapshotView, { gtid, file, position }: StreamedTransaction): boolean {
  if (gtid !== null && view.gtids !== null) {
    const set = flavor === 'mysql' ? MysqlGtidSet.empty.with(gtid) : MariadbGtidSet.empty.with(gtid);
    return gtidContainment(flavor)(view.gtids, set.toString());
  }
  const files = compareFiles(file, view.file);
  return files < 0 || (files === 0 && position < view.position);
}
