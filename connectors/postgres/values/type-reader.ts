import type { Schema, Value } from '../../../src/contract/index.ts';

/** Reads the text at bytes[start, end). */
export type Read = (bytes: Buffer, start: number, end: number) => Value;

/** How one type is shown under given options: what a column's reader, an array's items and a default are made from. */
export type TypeReader = {
  /** Without nullability and default, which belong to the column. */
  readonly schema: Schema;
  readonly read: Read;
  /** What stands for NULL in a NOT NULL column without a default. */
  readonly fallback: Value;
  /** What stands for a TOAST value that was not sent. */
  readonly unavailable: Value;
  /** The reference cannot show `unavailable` for this type: null takes its place where the column may be NULL. */
  readonly unavailableAsNull?: boolean;
  /** Of struct types: the same with `schema` in its values, since a struct names its schema, nullability and all. */
  readonly bind?: (schema: Schema) => TypeReader;
};
