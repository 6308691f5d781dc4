import type { Change, Row, SinkRecord } from '../../src/contract/index.ts';

/** What a record asks for: one document written whole or deleted. */
export type Operation = {
  /** The record's place in its batch. */
  readonly index: number;
  readonly record: SinkRecord;
  readonly change: Change;
  /** The index that holds the documents: with `index.alias` not what is searched. */
  readonly target: string;
  /** The name made of the template: the alias, or the index itself. */
  readonly name: string;
  readonly id: string;
  readonly kind: 'write' | 'delete';
  /** The row to be written; null for a delete. */
  readonly row: Row | null;
  /** The operation before it in the batch on the same document. */
  readonly earlier: Operation | null;
};

/** What a truncated table asks for: every document of the target that is older is deleted. */
export type Truncation = Pick<Operation, 'record' | 'target'> & { readonly kind: 'truncate' };

/** The versions of deletes are kept by these: a target's documents from one partition. */
export function scopeOf({ target, record: { place } }: Pick<Operation, 'record' | 'target'>): string {
  return `${target} ${place.topic}/${place.partition}`;
}
