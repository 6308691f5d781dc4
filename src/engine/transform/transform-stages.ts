import {
  type ConnectRecord,
  type Header,
  type PluginOf,
  type Predicate,
  SluiceError,
  type Transform,
  type Value,
} from '../../contract/index.ts';

/** One transform of a chain; without predicate it always runs. */
export type Stage = {
  /** Its name in `transforms`. */
  readonly alias: string;
  /** Its class as the config has it. */
  readonly type: string;
  readonly transform: Transform;
  readonly predicate: Predicate | null;
  readonly negate: boolean;
  readonly sharedHeaders: PluginOf<'transformation'>['sharedHeaders'];
};

/** A transform that failed on a record. */
export class TransformFailure extends SluiceError {
  /** The class at work, as the config has it. */
  readonly transformClass: string;

  constructor(message: string, transformClass: string, cause: unknown) {
    super('TRANSFORM_FAILED', message, { cause });
    this.transformClass = transformClass;
  }
}

/** An error as the task reports it: which transform, on which topic. What an unforeseen error says might show a value, so it stays behind. */
function failure(stage: Stage, record: ConnectRecord, thrown: unknown): TransformFailure {
  const reason = thrown instanceof SluiceError ? thrown.message : `unexpected ${thrown instanceof Error ? thrown.name : 'error'}`;
  const message = `Transform '${stage.alias}' (${stage.type}) failed on a record of topic '${record.topic}': ${reason}`;
  return new TransformFailure(message, stage.type, thrown);
}

/** Headers that were added to the object which a record shares with the tombstone behind it: the key and the headers tell the two. */
type AddedToShared = { readonly key: Value; readonly headers: readonly Header[]; readonly result: readonly Header[] };

/**
 * The stages as one function, in their order (Connect's TransformationChain). A record that one of them drops ends there and is counted in
 * `dropped` under its alias. A tombstone has the headers that were added to its delete, as long as no earlier stage had made a copy of
 * that record: in Debezium the two share one Headers object. Throws SluiceError TRANSFORM_FAILED, naming the transform.
 */
export function chainOf(stages: readonly Stage[], dropped: Map<string, number>): Transform {
  let added: AddedToShared | null = null;

  /** The record as its first stage finds it. */
  function withShared<R extends ConnectRecord>(record: R): R {
    const known = added;
    added = null;
    const isItsTombstone = known !== null && record.value === null && record.key === known.key && record.headers === known.headers;
    return isItsTombstone ? { ...record, headers: known.result } : record;
  }

  return <R extends ConnectRecord>(record: R): R | null => {
    let current = added === null ? record : withShared(record);
    let isShared = record.value !== null;
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
      if (isShared && next !== current) {
        const { sharedHeaders } = stage;
        if (sharedHeaders?.startsWith('adds') && next.headers !== current.headers)
          added = { key: record.key, headers: record.headers, result: next.headers };
        isShared = sharedHeaders === 'adds' || (sharedHeaders === 'keeps' && next.headers === current.headers);
      }
      current = next;
    }
    return current;
  };
}
