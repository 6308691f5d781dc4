import { type SinkBatch, SluiceError } from '../../src/contract/index.ts';
import { type Operation, scopeOf, type Truncation } from './operation.ts';
import type { Planned, Planner } from './planner.ts';
import { RecordFault } from './record-fault.ts';

/** What became of a record that failed, by its index in the batch. */
export type Failures = Map<number, SluiceError>;

/** A batch as its last operation on each document, each with those before it, and the newest truncation of each target. */
export type BatchPlan = { readonly last: readonly Operation[]; readonly truncations: readonly Truncation[]; readonly invalid: Failures };

/** Plans a batch; records of which nothing can be made are in `invalid`. */
export function planBatch({ records }: SinkBatch, planner: Planner): BatchPlan {
  const last: Operation[] = [];
  /** By target and id, the place in `last`. */
  const places = new Map<string, Map<string, number>>();
  const truncations = new Map<string, Truncation>();
  const invalid: Failures = new Map();
  for (const [index, record] of records.entries()) {
    let planned: readonly (Planned | Truncation)[];
    try {
      planned = planner.plan(record, index);
    } catch (error) {
      if (!(error instanceof RecordFault)) throw error;
      invalid.set(index, recordRefused(records[index]!.place, error.message));
      continue;
    }
    for (const operation of planned) {
      if (operation.kind === 'truncate') {
        const scope = scopeOf(operation);
        const known = truncations.get(scope);
        if (known === undefined || known.record.version < record.version) truncations.set(scope, operation);
        continue;
      }
      const { target, id } = operation;
      let ofTarget = places.get(target);
      if (ofTarget === undefined) {
        ofTarget = new Map();
        places.set(target, ofTarget);
      }
      const place = ofTarget.get(id);
      if (place === undefined) {
        ofTarget.set(id, last.length);
        last.push({ ...operation, earlier: null });
      } else last[place] = { ...operation, earlier: last[place]! };
    }
  }
  return { last, truncations: [...truncations.values()], invalid };
}

/** The error of one record. The message completes `The record at PLACE: `. */
export function recordRefused(place: { topic: string; partition: number; offset: bigint }, message: string): SluiceError {
  return new SluiceError('RECORD_REFUSED', `The record at ${place.topic}/${place.partition}@${place.offset}: ${message}.`);
}

/**
 * Of each document its first operation, then its second, and so on: for writes that build on each other, where the last alone does not say
 * what the document becomes.
 */
export function inSequence(last: readonly Operation[]): readonly (readonly Operation[])[] {
  const waves: Operation[][] = [];
  for (const operation of last) {
    const chain: Operation[] = [];
    for (let at: Operation | null = operation; at !== null; at = at.earlier) chain.unshift(at);
    for (const [position, each] of chain.entries()) {
      waves[position] ??= [];
      waves[position].push(each);
    }
  }
  return waves;
}
