import type { TableId } from '../debezium/table.ts';
import type { TableModel } from './table-model.ts';

/** A change of one table, as a schema history records it and the schema change topic publishes it. */
export type TableChange = {
  readonly type: 'CREATE' | 'ALTER' | 'DROP';
  readonly id: TableId;
  readonly previousId: TableId | null;
  /** After the change; null: dropped. */
  readonly table: TableModel | null;
};
