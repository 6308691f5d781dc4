import type { ValueOfNumber } from '../../../src/contract/index.ts';

/**
 * How a value of the text protocol, bytes[start, end), goes into a row that is not read (`UnreadRows`). What a form does not take, and NULL, is
 * read as ever (`ReadText`), which also says what is wrong with it: forms throw nothing.
 */
export type UnreadForm =
  /** The bytes are the value's text. */
  | { readonly kind: 'text' }
  /**
   * The bytes become the value's text where they lie, from the byte in front of `start` on, which was their length: answers where the text ends.
   * -1: they were left as they are.
   */
  | { readonly kind: 'rewritten'; rewrite(bytes: Buffer, start: number, end: number): number }
  /** A whole number that a double holds; NaN: another value. `valueOf` makes of it what `ReadText` makes of the bytes. */
  | { readonly kind: 'number'; number(bytes: Buffer, start: number, end: number): number; readonly valueOf: ValueOfNumber };

export const unreadText: UnreadForm = { kind: 'text' };
