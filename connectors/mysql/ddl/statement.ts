import type { ColumnModel } from '../table-model.ts';
import type { WrittenName } from './cursor.ts';

/** What a data type says: the part of a column that DDL writes as its type. */
export type DataType = Pick<ColumnModel, 'jdbcType' | 'typeName' | 'length' | 'scale' | 'enumValues'> & {
  /** null: the table's. */
  readonly charsetName: string | null;
  /** SERIAL: NOT NULL, AUTO_INCREMENT and UNIQUE as well. */
  readonly serial: boolean;
};

/** A default: `expression` as in the model; null: NULL, or an expression. */
export type DefaultValue = { readonly expression: string | null };

/** A column as a statement defines it. What it does not say is null. */
export type ColumnDefinition = {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean | null;
  readonly default: DefaultValue | null;
  /** AUTO_INCREMENT, SERIAL, or ON UPDATE. */
  readonly autoIncremented: boolean;
  readonly primaryKey: boolean;
  readonly unique: boolean;
  readonly comment: string | null;
};

/** A key; a part that is an expression is null. */
export type KeyDefinition = { readonly kind: 'primary' | 'unique'; readonly columns: readonly (string | null)[] };

export type TableElement = { readonly column: ColumnDefinition } | { readonly key: KeyDefinition };

export type TableOptions = {
  /** null: not said; `DEFAULT`: the database's. */
  readonly charsetName: string | null;
  readonly comment: string | null;
};

/** Where a column goes: `first`, behind a column, or (null) where it is, or last. */
export type Place = 'first' | { readonly after: string } | null;

export type AlterAction =
  | { readonly kind: 'add column'; readonly column: ColumnDefinition; readonly place: Place; readonly ifNotExists: boolean }
  | { readonly kind: 'add key'; readonly key: KeyDefinition }
  | {
      readonly kind: 'change column';
      /** MODIFY: the same name as the column's. */
      readonly from: string;
      readonly column: ColumnDefinition;
      readonly place: Place;
      readonly ifExists: boolean;
      readonly modify: boolean;
    }
  | { readonly kind: 'drop column'; readonly name: string }
  | { readonly kind: 'rename column'; readonly from: string; readonly to: string }
  | { readonly kind: 'alter default'; readonly name: string; readonly default: DefaultValue | null }
  | { readonly kind: 'drop primary key' }
  | { readonly kind: 'rename'; readonly to: WrittenName }
  | { readonly kind: 'convert'; readonly charsetName: string }
  | { readonly kind: 'options'; readonly options: TableOptions };

/** A variable that SET gives a value. */
export type SetVariable = { readonly scope: 'global' | 'session'; readonly name: string; readonly value: string };

/** What a statement does to tables, databases and what columns inherit. `other`: nothing of the kind. */
export type DdlAction =
  | {
      readonly kind: 'create table';
      readonly table: WrittenName;
      readonly ifNotExists: boolean;
      readonly like: WrittenName | null;
      readonly elements: readonly TableElement[];
      readonly options: TableOptions;
      /** Its columns come (also) from a query: they are not known from the statement. */
      readonly select: boolean;
    }
  | { readonly kind: 'alter table'; readonly table: WrittenName; readonly actions: readonly AlterAction[] }
  /** `prefix`: the statement up to the first name, as Debezium repeats it for each. */
  | { readonly kind: 'drop table'; readonly tables: readonly WrittenName[]; readonly prefix: string; readonly suffix: string }
  | {
      readonly kind: 'rename table';
      /** `ddl`: the statement as if it renamed this one only. */
      readonly pairs: readonly { readonly from: WrittenName; readonly to: WrittenName; readonly ddl: string }[];
    }
  | { readonly kind: 'truncate'; readonly table: WrittenName }
  | { readonly kind: 'create unique index'; readonly table: WrittenName; readonly columns: readonly (string | null)[] }
  | { readonly kind: 'create database' | 'alter database'; readonly database: string | null; readonly charsetName: string | null }
  | { readonly kind: 'drop database'; readonly database: string }
  | { readonly kind: 'use'; readonly database: string }
  | { readonly kind: 'set'; readonly variables: readonly SetVariable[] }
  | { readonly kind: 'unreadable'; readonly table: WrittenName | null; readonly reason: string }
  | { readonly kind: 'other' };

/** A statement: what it does, and its text as Debezium publishes it: without what stands before and behind it. */
export type DdlStatement = { readonly action: DdlAction; readonly ddl: string };
