import type { TableId } from '../debezium/table.ts';
import type { TableModel } from './table-model.ts';
export type TableShape = { readonly columns: readonly unknown[] };
export function reconcileTable(_id: TableId, known: TableModel | null, _shape: TableShape, _doubt: string | null): TableModel {
  if (known === null) throw new Error('todo');
  return known;
}
