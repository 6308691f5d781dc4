import type { TableId } from '../debezium/table.ts';

/** A collection's full name. */
export type CollectionId = { readonly database: string; readonly collection: string };

/** `database.collection`, as lists, offsets and transaction metadata know it. */
export function namespaceOf({ database, collection }: CollectionId): string {
  return `${database}.${collection}`;
}

/** The parts of `database.collection`; a collection's name may have dots. null where there are not two. */
export function parseNamespace(text: string): CollectionId | null {
  const dot = text.indexOf('.');
  return dot <= 0 || dot === text.length - 1 ? null : { database: text.slice(0, dot), collection: text.slice(dot + 1) };
}

/** As what all connectors share knows it: a table in a database without schemas. */
export function tableId({ database, collection }: CollectionId): TableId {
  return { catalog: database, schema: '', table: collection };
}
