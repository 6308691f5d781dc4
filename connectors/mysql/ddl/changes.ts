import type { TableId } from '../../debezium/table.ts';
import type { TableModel } from '../table-model.ts';

/** One thing that a statement changed: Debezium's DdlParserListener.Event. */
export type DdlChange =
  | {
      readonly kind: 'table';
      readonly type: 'CREATE' | 'ALTER' | 'DROP' | 'TRUNCATE';
      /** After the change. */
      readonly id: TableId;
      /** The name before, where it changed. */
      readonly previousId: TableId | null;
      /** After the change; null: gone, or not known. */
      readonly table: TableModel | null;
      /** The statement, or the part of it that is about this table. */
      readonly ddl: string;
      /** By CREATE UNIQUE INDEX. */
      readonly index: boolean;
    }
  | { readonly kind: 'database' | 'set'; readonly database: string; readonly ddl: string };

/** A statement that could not be read. `table`: what it is about, where that much was clear. */
export type UnreadableStatement = { readonly table: TableId | null; readonly reason: string };

export type DdlOutcome = { readonly changes: readonly DdlChange[]; readonly unreadable: readonly UnreadableStatement[] };
