import type { JsonObject, JsonValue } from '../../src/contract/index.ts';
import type { SchemaChange } from './schema-changes.ts';
import type { TableChange } from './table-change.ts';
import { type ColumnModel, doubleQuotedId, type TableModel, tableIdOf } from './table-model.ts';

/** An entry of a schema history: Debezium's HistoryRecord. */
export type HistoryEntry = {
  /** Whose it is: several connectors may share a topic. */
  readonly source: JsonObject;
  /** The offset behind the statement. */
  readonly position: JsonObject;
  readonly databaseName: string;
  readonly ddl: string | null;
  readonly tableChanges: readonly TableChange[];
  /** The tables are told anew from here on: what came before does not count. Debezium does not know it, and does not mind. */
  readonly checkpoint: boolean;
};

/** What an entry holds of a schema change. */
export function historyEntry(change: SchemaChange, source: JsonObject, position: JsonObject): HistoryEntry {
  const { database, ddl, tableChanges } = change;
  return { source, position, databaseName: database, ddl, tableChanges, checkpoint: false };
}

/** As Debezium's history holds it, on one line. `nowMs`: milliseconds since 1970. */
export function historyText({ source, position, databaseName, ddl, tableChanges, checkpoint }: HistoryEntry, nowMs: number): string {
  return JSON.stringify({
    source,
    position,
    ts_ms: nowMs,
    databaseName,
    ...(ddl !== null && { ddl }),
    tableChanges: tableChanges.map(changeJson),
    ...(checkpoint && { sluice_checkpoint: true }),
  });
}

function changeJson({ type, id, previousId, table }: TableChange): JsonObject {
  return {
    type,
    id: doubleQuotedId(id),
    ...(previousId !== null && { previousId: doubleQuotedId(previousId) }),
    ...(table !== null && type !== 'DROP' && { table: tableJson(table), comment: table.comment }),
  };
}

function tableJson({ defaultCharsetName, primaryKeyColumnNames, columns }: TableModel): JsonObject {
  return { defaultCharsetName, primaryKeyColumnNames, columns: columns.map(columnJson), attributes: [] };
}

function columnJson(column: ColumnModel): JsonObject {
  const { nativeType, length, scale, defaultValueExpression, enumValues, ...always } = column;
  const { name, jdbcType, typeName, typeExpression, charsetName, position, optional, autoIncremented, generated, comment } = always;
  return {
    name,
    jdbcType,
    ...(nativeType !== null && { nativeType }),
    typeName,
    typeExpression,
    charsetName,
    ...(length !== null && { length }),
    ...(scale !== null && { scale }),
    position,
    optional,
    autoIncremented,
    generated,
    comment,
    hasDefaultValue: column.hasDefaultValue,
    ...(defaultValueExpression !== null && { defaultValueExpression }),
    enumValues: enumValues ?? [],
  };
}

/** Reads an entry, by whomever written. null: it is none (no JSON, or without source or position). */
export function parseHistoryEntry(text: string): HistoryEntry | null {
  let json: JsonValue;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const entry = objectOf(json);
  const source = objectOf(entry?.['source']);
  const position = objectOf(entry?.['position']);
  if (entry === null || source === null || position === null) return null;
  return {
    source,
    position,
    databaseName: textOf(entry['databaseName']) ?? '',
    ddl: textOf(entry['ddl']),
    tableChanges: listOf(entry['tableChanges']).flatMap(parseChange),
    checkpoint: entry['sluice_checkpoint'] === true,
  };
}

function parseChange(json: JsonValue): readonly TableChange[] {
  const change = objectOf(json);
  const type = change?.['type'];
  const id = tableIdOf(textOf(change?.['id']) ?? '');
  if (change === null || id === null || (type !== 'CREATE' && type !== 'ALTER' && type !== 'DROP')) return [];
  const previousId = tableIdOf(textOf(change['previousId']) ?? '');
  const table = objectOf(change['table']);
  if (type === 'DROP' || table === null) return [{ type: 'DROP', id, previousId, table: null }];
  return [{ type, id, previousId, table: parseTable(id, table, textOf(change['comment'])) }];
}

function parseTable(id: TableModel['id'], table: JsonObject, comment: string | null): TableModel {
  const columns = listOf(table['columns']).flatMap(column => {
    const read = objectOf(column);
    return read === null ? [] : [parseColumn(read)];
  });
  return {
    id,
    defaultCharsetName: textOf(table['defaultCharsetName']),
    primaryKeyColumnNames: listOf(table['primaryKeyColumnNames']).filter(name => typeof name === 'string'),
    columns: columns.sort((a, b) => a.position - b.position),
    comment,
  };
}

function parseColumn(column: JsonObject): ColumnModel {
  const enumValues = listOf(column['enumValues']).filter(value => typeof value === 'string');
  const defaultValueExpression = textOf(column['defaultValueExpression']);
  return {
    name: textOf(column['name']) ?? '',
    jdbcType: numberOf(column['jdbcType']) ?? 0,
    nativeType: numberOf(column['nativeType']),
    typeName: textOf(column['typeName']) ?? '',
    typeExpression: textOf(column['typeExpression']),
    charsetName: textOf(column['charsetName']),
    length: numberOf(column['length']),
    scale: numberOf(column['scale']),
    position: numberOf(column['position']) ?? 0,
    optional: column['optional'] !== false,
    autoIncremented: column['autoIncremented'] === true,
    generated: column['generated'] === true,
    comment: textOf(column['comment']),
    hasDefaultValue: column['hasDefaultValue'] === true || defaultValueExpression !== null,
    defaultValueExpression,
    enumValues: enumValues.length === 0 ? null : enumValues,
  };
}

function objectOf(json: JsonValue | undefined): JsonObject | null {
  if (json === null || json === undefined || typeof json !== 'object' || Array.isArray(json)) return null;
  return json as JsonObject;
}

function listOf(json: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(json) ? json : [];
}

function textOf(json: JsonValue | undefined): string | null {
  return typeof json === 'string' ? json : null;
}

function numberOf(json: JsonValue | undefined): number | null {
  return typeof json === 'number' ? json : null;
}
