import type { TableId } from '../debezium/table.ts';

/** The server's own tables, temporary ones, and PostGIS's, which lies among a user's (`table.ignore.builtin`). */
export function isSystemTable({ schema, table }: TableId): boolean {
  const lower = schema.toLowerCase();
  return (
    lower === 'pg_catalog' || lower === 'information_schema' || schema.startsWith('pg_temp') || table.toLowerCase() === 'spatial_ref_sys'
  );
}
