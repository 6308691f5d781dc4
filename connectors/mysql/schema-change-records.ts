import {
  arraySchema,
  type ConnectRecord,
  type Header,
  type Schema,
  Struct,
  schemaOf,
  schemas,
  structSchema,
} from '../../src/contract/index.ts';
import type { NameAdjuster } from '../debezium/name-adjustment.ts';
import type { SchemaChange } from './schema-changes.ts';
import type { TableChange } from './table-change.ts';
import { type ColumnModel, doubleQuotedId, type TableModel } from './table-model.ts';

export type SchemaChangeRecordSettings = {
  /** Names the schemas: `mysql`, `mariadb`. */
  readonly connector: string;
  /** `topic.prefix`. */
  readonly topic: string;
  readonly sourceSchema: Schema;
  readonly schemaName: NameAdjuster;
  readonly headers: readonly Header[];
};

/** Makes the records of the schema change topic (`include.schema.changes`); schemas as in Debezium's SchemaFactory. */
export class SchemaChangeRecords {
  readonly #topic: string;
  readonly #headers: readonly Header[];
  readonly #keySchema: Schema;
  readonly #valueSchema: Schema;
  readonly #changeSchema: Schema;
  readonly #tableSchema: Schema;
  readonly #columnSchema: Schema;

  constructor({ connector, topic, sourceSchema, schemaName, headers }: SchemaChangeRecordSettings) {
    const { string, optionalString, int32, optionalInt32, int64, optionalBoolean } = schemas;
    const named = (name: string) => ({ name: schemaName(name), version: 1 });
    this.#topic = topic;
    this.#headers = headers;
    this.#columnSchema = structSchema(
      [
        ['name', string],
        ['jdbcType', int32],
        ['nativeType', optionalInt32],
        ['typeName', string],
        ['typeExpression', optionalString],
        ['charsetName', optionalString],
        ['length', optionalInt32],
        ['scale', optionalInt32],
        ['position', int32],
        ['optional', optionalBoolean],
        ['autoIncremented', optionalBoolean],
        ['generated', optionalBoolean],
        ['comment', optionalString],
        ['defaultValueExpression', optionalString],
        ['enumValues', arraySchema(string, { optional: true })],
      ],
      named('io.debezium.connector.schema.Column'),
    );
    this.#tableSchema = structSchema(
      [
        ['defaultCharsetName', optionalString],
        ['primaryKeyColumnNames', arraySchema(string, { optional: true })],
        ['columns', arraySchema(this.#columnSchema)],
        ['comment', optionalString],
      ],
      { ...named('io.debezium.connector.schema.Table'), optional: true },
    );
    this.#changeSchema = structSchema(
      [
        ['type', string],
        ['id', string],
        ['table', this.#tableSchema],
      ],
      named('io.debezium.connector.schema.Change'),
    );
    this.#keySchema = structSchema([['databaseName', schemaOf('string')]], named(`io.debezium.connector.${connector}.SchemaChangeKey`));
    this.#valueSchema = structSchema(
      [
        ['source', sourceSchema],
        ['ts_ms', int64],
        ['databaseName', optionalString],
        ['schemaName', optionalString],
        ['ddl', optionalString],
        ['tableChanges', arraySchema(this.#changeSchema)],
      ],
      named(`io.debezium.connector.${connector}.SchemaChangeValue`),
    );
  }

  /** `source`: the source block at the change. `nowMs`: when it was processed, milliseconds since 1970. */
  record(change: SchemaChange, source: Struct, nowMs: bigint): ConnectRecord {
    const { database, ddl } = change;
    const tableChanges = change.tableChanges.map(each => this.#change(each));
    return {
      topic: this.#topic,
      partition: 0,
      timestamp: null,
      keySchema: this.#keySchema,
      key: new Struct(this.#keySchema, [database]),
      valueSchema: this.#valueSchema,
      value: new Struct(this.#valueSchema, [source, nowMs, database, null, ddl, tableChanges]),
      headers: this.#headers,
    };
  }

  #change({ type, id, table }: TableChange): Struct {
    return new Struct(this.#changeSchema, [type, doubleQuotedId(id), type === 'DROP' || table === null ? null : this.#table(table)]);
  }

  #table({ defaultCharsetName, primaryKeyColumnNames, columns, comment }: TableModel): Struct {
    const values = [defaultCharsetName, primaryKeyColumnNames, columns.map(column => this.#column(column)), comment];
    return new Struct(this.#tableSchema, values);
  }

  #column(column: ColumnModel): Struct {
    return new Struct(this.#columnSchema, [
      column.name,
      column.jdbcType,
      column.nativeType,
      column.typeName,
      column.typeExpression,
      column.charsetName,
      column.length,
      column.scale,
      column.position,
      column.optional,
      column.autoIncremented,
      column.generated,
      column.comment,
      column.defaultValueExpression,
      // An empty list is none.
      column.enumValues !== null && column.enumValues.length > 0 ? column.enumValues : null,
    ]);
  }
}
