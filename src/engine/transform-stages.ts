import { type ConnectRecord, type Predicate, SluiceError, type Transform } from '../contract/index.ts';

/** One transform of a chain; without predicate it always runs. */
export type Stage = {
  /** Its name in `transforms`. */
  readonly alias: string;
  /** Its class as the config has it. */
  readonly type: string;
  readonly transform: Transform;
  readonly predicate: Predicate | null;
  readonly negate: boolean;
};

/** An error as the task reports it: which transform, on which topic. What an unforeseen error says might show a value, so it stays behind. */
function failure(stage: Stage, record: ConnectRecord, thrown: unknown): SluiceError {
  const reason = thrown instanceof SluiceError ? thrown.message : `unexpected ${thrown instanceof Error ? thrown.name : 'error'}`;
  const message = `Transform '${stage.alias}' (${stage.type}) failed on a record of topic '${record.topic}': ${reason}`;
  return new SluiceError('TRANSFORM_FAILED', message, { cause: thrown });
}

/**
 * The stages as one function, in their order (Connect's TransformationChain). A record that one of them drops ends there and is counted in
 * `dropped` under its alias. Throws SluiceError TRANSFORM_FAILED, naming the transform.
 */
export function chainOf(stages: readonly Stage[], dropped: Map<string, number>): Transform {
  return <R extends ConnectRecord>(record: R): R | null => {
    let current = record;
    for (const stage of stages) {
      let next: R | null;
      try {
        if (stage.predicate !== null && stage.predicate(current) === stage.negate) continue;
        next = stage.transform(current);
      } catch (thrown) {
        throw failure(stage, current, thrown);
      }
      if (next === null) {
        dropped.set(stage.alias, (dropped.get(stage.alias) ?? 0) + 1);
        return null;
      }
      current = next;
    }
    return current;
  };
}
