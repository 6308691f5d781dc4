import type { JsonObject, JsonValue } from '../../contract/index.ts';

/** A message's place: its topic, and its type where a topic carries several (the header `type`, else the field `type` of the value). */
export type MessageMatch = { readonly topic: string; readonly type: string | null };

/**
 * A value that a command is made of: JSON as it stands, but a text `$.path` is looked up: `$.start.items` in the starting event's data,
 * `$.replies.RESERVE_INVENTORY.reservationId` in the data of a step's last reply, `$.saga.id`, `$.saga.correlationId`. `$$` begins a plain `$`.
 */
export type PayloadTemplate = JsonValue;

/** How often and how fast a command is sent again where no reply comes, or one that says it failed for now. */
export type SagaRetry = {
  /** With the first. */
  readonly attemptsMax: number;
  readonly delayMs: number;
  /** Each pause is so many times the one before, up to `delayMsMax`. */
  readonly factor: number;
  readonly delayMsMax: number;
};

/** A command, and what answers it. */
export type SagaCommandDefinition = {
  readonly type: string;
  readonly topic: string;
  readonly payload: PayloadTemplate;
  readonly success: readonly MessageMatch[];
  /** For good: the step is not tried again. */
  readonly failure: readonly MessageMatch[];
  /** From the command to its reply. Behind it the attempt counts as failed for now. */
  readonly timeoutMs: number;
  readonly retry: SagaRetry;
};

export type SagaStepDefinition = SagaCommandDefinition & {
  readonly name: string;
  /** Undoes the step. null only from the pivot on. */
  readonly compensation: SagaCommandDefinition | null;
};

/** Steps that are sent together; the next begin when all have succeeded. */
export type SagaStage = readonly SagaStepDefinition[];

/**
 * A saga as data. From the pivot's success on there is no way back: what follows is tried until it succeeds, or a person decides. The deadline
 * for the whole counts until then.
 */
export type SagaDefinition = {
  readonly name: string;
  readonly start: MessageMatch;
  /** Path of the id that tells one affair from another, in the data of the starting event and of every reply: `orderId`. */
  readonly correlation: string;
  readonly stages: readonly SagaStage[];
  /** Name of a step; null: everything can be undone until the end. */
  readonly pivot: string | null;
  readonly deadlineMs: number | null;
};

/** A definition and its hash (SHA-256 over its canonical JSON, hex), which is pinned to every instance that starts on it. */
export type PinnedDefinition = { readonly hash: string; readonly definition: SagaDefinition };

/** `stuck`: only a person can go on (a compensation, or a step behind the pivot, that failed every time). */
export type SagaState = 'running' | 'compensating' | 'completed' | 'compensated' | 'stuck';

export type SagaStepState =
  | 'waiting'
  | 'sent'
  | 'retrying'
  | 'succeeded'
  | 'failed'
  | 'skipped'
  | 'compensation-sent'
  | 'compensation-retrying'
  | 'compensated'
  | 'compensation-failed';

/** One line of an instance's timeline. */
export type SagaTransition = {
  readonly atMs: number;
  /** What it led to. */
  readonly state: SagaState;
  readonly step: string | null;
  readonly stepState: SagaStepState | null;
  readonly attempt: number | null;
  /** Why, in a sentence for people: never a value of a message. */
  readonly reason: string;
  /** A person's: `who` and what they said. */
  readonly by: { readonly who: string; readonly why: string } | null;
};

export type SagaStepProgress = {
  readonly state: SagaStepState;
  /** Of the command that is under way, or was last: from 1; the compensation counts anew. */
  readonly attempt: number;
  /** When something happens by itself: a timeout, or the next attempt. null: only a message or a person moves it. */
  readonly dueAtMs: number | null;
  /** When the command that is under way was sent first, for the step's latency. */
  readonly sentAtMs: number | null;
};

/** One affair: all that is known of it, as it is stored. JSON. */
export type SagaInstance = {
  /** `<saga's name>:<correlation id>`: one affair is started once, however often its starting event comes. */
  readonly id: string;
  readonly saga: string;
  readonly correlationId: string;
  readonly definitionHash: string;
  readonly state: SagaState;
  /** Rises with every transition, from 1. */
  readonly version: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly deadlineAtMs: number | null;
  /** The starting event's data. */
  readonly start: JsonObject;
  /** By step: the data of the reply that decided it. */
  readonly replies: Readonly<Record<string, JsonObject>>;
  readonly steps: Readonly<Record<string, SagaStepProgress>>;
  readonly timeline: readonly SagaTransition[];
};

/** A message that came, parsed. */
export type SagaMessage = {
  readonly topic: string;
  readonly type: string | null;
  readonly correlationId: string;
  readonly data: JsonObject;
  /** `sagaId:step:attempt` of the command it answers, where the service sent it back (header or field `idempotencyKey`); else null. */
  readonly idempotencyKey: string | null;
};

/** A command to be published, with its instance's transition, in one transaction. */
export type SagaCommand = {
  readonly topic: string;
  readonly type: string;
  /** `sagaId:step:attempt`, of a compensation `sagaId:step/compensation:attempt`: the same whenever it is sent again for the same attempt. */
  readonly idempotencyKey: string;
  /** The record's key. */
  readonly correlationId: string;
  readonly payload: JsonValue;
};

/** What a person may do to an instance, with who they are and why. */
export type SagaOrder = {
  /** `retry`: the step's command once more, counting anew; `skip`: the step counts as succeeded, or as compensated; `compensate`: everything is undone. */
  readonly action: 'retry' | 'skip' | 'compensate';
  /** null: the step that is stuck. Not for `compensate`. */
  readonly step: string | null;
  readonly who: string;
  readonly why: string;
};

export type SagaInput =
  | { readonly kind: 'message'; readonly message: SagaMessage }
  /** Time has passed: whatever is due. */
  | { readonly kind: 'time' }
  | { readonly kind: 'order'; readonly order: SagaOrder };

/**
 * What becomes of an instance. `instance` is the one given where nothing changed but for the record of it; null: the message starts nothing, and
 * there is none.
 */
export type SagaDecision = {
  readonly instance: SagaInstance | null;
  readonly changed: boolean;
  readonly commands: readonly SagaCommand[];
  /** Of a message: what it was, for the metrics. */
  readonly heard: 'start' | 'reply' | 'late' | 'repeated' | 'foreign' | null;
};
