import type { JsonObject } from '../../../../src/contract/index.ts';
import { decide, nextDueAtMs } from '../../../../src/services/sagas/machine.ts';
import type {
  PinnedDefinition,
  SagaCommand,
  SagaDecision,
  SagaInput,
  SagaInstance,
  SagaMessage,
} from '../../../../src/services/sagas/saga.ts';

/** What a service does with a command that comes to it. `forget`: nothing, without a word. `silent`: the work, without a word. */
export type Behaviour = 'do' | 'refuse' | 'forget' | 'silent';

type Sent = { readonly command: SagaCommand; readonly step: string; readonly compensation: boolean };

/**
 * Services as they ought to be: what was decided of a step stands, under whichever attempt it is asked again; a compensation that comes before the
 * step's own command keeps that from being done later.
 */
export class World {
  readonly pinned: PinnedDefinition;
  instance: SagaInstance | null = null;
  nowMs = 1000;
  /** Every command, as it was sent. */
  readonly sent: Sent[] = [];
  readonly replies: SagaMessage[] = [];
  readonly decisions: SagaDecision[] = [];
  readonly done = new Set<string>();
  readonly undone = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #check: (before: SagaInstance | null, decision: SagaDecision, input: SagaInput) => void;

  constructor(pinned: PinnedDefinition, check: World['checked'] = () => undefined) {
    this.pinned = pinned;
    this.#check = check;
  }

  /** Only for its type. */
  declare readonly checked: (before: SagaInstance | null, decision: SagaDecision, input: SagaInput) => void;

  input(input: SagaInput): SagaDecision {
    const before = this.instance;
    const decision = decide(this.pinned, before, input, this.nowMs);
    this.#check(before, decision, input);
    this.decisions.push(decision);
    this.instance = decision.instance;
    for (const command of decision.commands) {
      const [step = ''] = command.idempotencyKey.slice(this.instance!.id.length + 1).split(/[/:]/);
      this.sent.push({ command, step, compensation: command.idempotencyKey.includes('/compensation:') });
    }
    return decision;
  }

  start(data: JsonObject = { orderId: '1' }): SagaDecision {
    return this.hear({ ...this.pinned.definition.start, data });
  }

  hear({ topic, type = null, data = {}, idempotencyKey = null }: Partial<SagaMessage> & { readonly topic: string }): SagaDecision {
    return this.input({ kind: 'message', message: { topic, type, correlationId: '1', data, idempotencyKey } });
  }

  /** Time goes on to when something is due. False: nothing is. */
  pass(): boolean {
    const due = this.instance === null ? null : nextDueAtMs(this.instance);
    if (due === null) return false;
    this.nowMs = Math.max(this.nowMs, due);
    this.input({ kind: 'time' });
    return true;
  }

  /** A command comes to its service, for the first time or again. */
  serve({ command, step, compensation }: Sent, behaviour: Behaviour, keyed = true): void {
    if (behaviour === 'forget') return;
    const definition = this.pinned.definition.stages.flat().find(({ name }) => name === step)!;
    const asked = compensation ? definition.compensation! : definition;
    const outcome = compensation ? this.#undo(step, behaviour) : this.#do(step, behaviour, this.#final(step));
    const [match] = asked[outcome];
    if (behaviour === 'silent' || match === undefined) return;
    const idempotencyKey = keyed ? command.idempotencyKey : null;
    this.replies.push({ ...match, correlationId: command.correlationId, data: { step }, idempotencyKey });
  }

  /** Whether a step that is refused is refused for good: it is not behind the pivot. */
  #final(step: string): boolean {
    const { pivot, stages } = this.pinned.definition;
    const stageOf = (name: string) => stages.findIndex(stage => stage.some(each => each.name === name));
    return pivot === null || stageOf(step) <= stageOf(pivot);
  }

  #do(step: string, behaviour: Behaviour, final: boolean): 'success' | 'failure' {
    if (this.done.has(step)) return 'success';
    if (this.undone.has(step) || this.#refused.has(step)) return 'failure';
    if (behaviour !== 'refuse') {
      this.done.add(step);
      return 'success';
    }
    if (final) this.#refused.add(step);
    return 'failure';
  }

  #undo(step: string, behaviour: Behaviour): 'success' | 'failure' {
    if (this.undone.has(step)) return 'success';
    if (behaviour === 'refuse') return 'failure';
    this.undone.add(step);
    return 'success';
  }

  /** What is left of a step's work. */
  standing(step: string): boolean {
    return this.done.has(step) && !this.undone.has(step);
  }
}
