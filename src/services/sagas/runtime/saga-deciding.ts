import { type LogRecord, recordVersion, SluiceError, toSluiceError } from '../../../contract/index.ts';
import { deadLetterHeaders } from '../../../engine/sink/dead-letter.ts';
import { decide, sagaIdOf } from '../machine.ts';
import type { MessageMatch, PinnedDefinition, SagaDecision, SagaInput, SagaInstance, SagaMessage, SagaOrder } from '../saga.ts';
import { correlationOf, fits, placeOf, type ReadMessage, readMessage } from './incoming-message.ts';
import { SagaBatch } from './saga-batch.ts';
import type { SagaInstances } from './saga-instances.ts';
import { deadLettersTopicOf, heardBy, taskOf } from './saga-topics.ts';

/** What dead letters name as the class at work. */
const className = 'sluice.sagas';

/** A message and whose it is. */
type Addressed = { readonly record: LogRecord; readonly message: SagaMessage; readonly pinned: PinnedDefinition; readonly id: string };
/** A message that is nobody's, and why. */
type Refused = { readonly record: LogRecord; readonly error: SluiceError };
type Read = Addressed | Refused | null;

/** Applies the machine to the instances of one saga, in memory: whose a message is, and what it leads to. */
export class SagaDeciding {
  readonly #saga: string;
  readonly #current: PinnedDefinition;
  readonly #instances: SagaInstances;
  readonly #nowMs: () => number;
  readonly #matches = new WeakMap<PinnedDefinition, readonly MessageMatch[]>();
  #batch = new SagaBatch();

  constructor(current: PinnedDefinition, instances: SagaInstances, nowMs: () => number) {
    [this.#saga, this.#current, this.#instances, this.#nowMs] = [current.definition.name, current, instances, nowMs];
  }

  /** Reads records; answers with them the instances that must be loaded before they are decided. */
  read(records: readonly LogRecord[]): { readonly read: readonly Read[]; readonly away: ReadonlySet<string> } {
    const away = new Set<string>();
    const read = records.map(record => {
      const one = this.#read(record);
      if (one !== null && 'id' in one && this.#instances.isAway(one.id)) away.add(one.id);
      return one;
    });
    return { read, away };
  }

  messages(read: readonly Read[]): void {
    for (const one of read) {
      if (one === null) this.#batch.heard.push('ignored');
      else if ('error' in one) this.#refuse(one);
      else this.#hear(one);
    }
  }

  /** Whatever is due, of at most so many instances. */
  times(instancesMax: number): void {
    for (let count = 0; count < instancesMax; count++) {
      const instance = this.#instances.takeDue(this.#nowMs());
      if (instance === null) return;
      this.#apply(instance, { kind: 'time' });
      // What is still due, as after a decision that changed nothing, is not looked at again at once.
    }
  }

  /** Throws SluiceError CONFLICT or BAD_REQUEST where the order does not fit, NOT_FOUND. */
  order(id: string, order: SagaOrder): SagaInstance {
    const instance = this.#instances.get(id);
    if (instance === null) throw new SluiceError('NOT_FOUND', `There is no saga ${id}.`);
    const decision = this.#apply(instance, { kind: 'order', order });
    this.#batch.orders++;
    return decision.instance ?? instance;
  }

  /** Forgets instances that ended before a time, and the oldest where there are more than so many; at most `count` of them. */
  forget(endedBeforeMs: number, endedMax: number, count: number): void {
    const { ended } = this.#instances;
    const gone: string[] = [];
    for (const { id, endedAtMs } of ended.values()) {
      if (gone.length >= count || (endedAtMs >= endedBeforeMs && ended.size - gone.length <= endedMax)) break;
      gone.push(id);
    }
    for (const id of gone) {
      this.#instances.forget(id);
      this.#batch.forget(id);
    }
  }

  /** What has come together since the last call. */
  take(): SagaBatch {
    const batch = this.#batch;
    this.#batch = new SagaBatch();
    return batch;
  }

  #read(record: LogRecord): Read {
    try {
      const message = readMessage(record);
      return message === null ? null : this.#address(record, message);
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (error.retry !== 'record') throw error;
      return { record, error };
    }
  }

  /** Of the definitions that wait for the message, the one whose instance there is; else the one in force, where it starts one. */
  #address(record: LogRecord, message: ReadMessage): Read {
    const starts = fits(this.#current.definition.start, message);
    const mine = message.idempotencyKey?.startsWith(`${this.#saga}:`) ?? null;
    // Several sagas may hear of one topic: an answer to another's command is not for this one.
    if (mine === false && !starts) return null;
    let addressed: Addressed | null = null;
    for (const pinned of this.#definitions()) {
      if (!this.#matchesOf(pinned).some(match => fits(match, message))) continue;
      const correlationId = correlationOf(message.data, pinned.definition.correlation, record);
      const id = sagaIdOf(this.#saga, correlationId);
      addressed ??= { record, message: { ...message, correlationId }, pinned, id };
      if (this.#instances.has(id)) return { record, message: { ...message, correlationId }, pinned, id };
    }
    if (addressed !== null || mine !== true) return addressed;
    const error = new SluiceError(
      'MESSAGE_UNEXPECTED',
      `${placeOf(record)} answers a command of saga ${this.#saga}, but fits none of its steps.`,
    );
    return { record, error };
  }

  /** The one in force first. */
  *#definitions(): Generator<PinnedDefinition> {
    yield this.#current;
    for (const pinned of this.#instances.definitions.values()) if (pinned.hash !== this.#current.hash) yield pinned;
  }

  #matchesOf(pinned: PinnedDefinition): readonly MessageMatch[] {
    let matches = this.#matches.get(pinned);
    if (matches === undefined) {
      matches = heardBy(pinned.definition);
      this.#matches.set(pinned, matches);
    }
    return matches;
  }

  #hear({ record, message, id }: Addressed): void {
    const instance = this.#instances.get(id);
    const { heard, instance: after } = this.#apply(instance, { kind: 'message', message });
    if (after === null) {
      const error = new SluiceError(
        'MESSAGE_UNEXPECTED',
        `${placeOf(record)} starts no saga ${this.#saga}, and there is none that it could answer.`,
      );
      this.#refuse({ record, error });
    } else if (heard !== null) this.#batch.heard.push(heard);
  }

  #apply(instance: SagaInstance | null, input: SagaInput): SagaDecision {
    const nowMs = this.#nowMs();
    const pinned = instance === null ? this.#current : this.#pinnedOf(instance);
    const decision = decide(pinned, instance, input, nowMs);
    if (!decision.changed || decision.instance === null) return decision;
    this.#instances.put(decision.instance);
    this.#batch.move(instance, decision.instance, decision.commands, nowMs);
    return decision;
  }

  #pinnedOf({ id, definitionHash }: SagaInstance): PinnedDefinition {
    const pinned = this.#instances.definitions.get(definitionHash);
    if (pinned !== undefined) return pinned;
    throw new SluiceError('LOG_CORRUPT', `The definition ${definitionHash} of saga ${id} is not where its instances are kept.`, {
      remedy: 'Restore the topic of the instances, or their tables, from a copy; somebody has deleted a part.',
    });
  }

  #refuse({ record, error }: Refused): void {
    const version = recordVersion(0, record.offset);
    const headers = deadLetterHeaders({ record, version, stage: 'TASK_PUT', className, error }, taskOf(this.#saga));
    this.#batch.dead.push({ topic: deadLettersTopicOf(this.#saga), record, headers });
    this.#batch.heard.push('dead-letter');
  }
}
