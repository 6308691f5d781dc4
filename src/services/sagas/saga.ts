import type { JsonObject, JsonValue } from '../../contract/index.ts';

/** A message's place: its topic, and its type where a topic carries several (the header `type`, else the field `type` of the value). */
export type MessageMatch = { readonly topic: string; readonly type: string | null };

/**
 * A value that a command is made of: JSON as it stands, but a text `$.path` is looked up: `$.start.items` in the starting event's data,
 * `$.replies.RESERVE_INVENTORY.reservationId` in the data of the reply that decided a step, `$.saga.id`, `$.saga.correlationId`. What is not there
 * keeps the command from being made, unless the path ends in `?`: then it is null. `$$` begins a plain `$`.
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
  /** Empty: nobody answers, and the command counts as carried out once it is published. */
  readonly success: readonly MessageMatch[];
  /** For good: the step is not tried again. Behind the pivot, and of a compensation, it is for now: it is tried again. */
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
  /** Of the command that is under way, or was last: from 1; 0 before the first. The compensation counts anew. */
  readonly attempt: number;
  /** The last one that is made by itself. Rises when a person has it tried again, so that no key comes twice. */
  readonly attemptsMax: number;
  /**
   * Its place, from 1, among the steps that were done or may have been (an attempt without an answer); null: it was not done. What is to be undone
   * is undone from the highest to the lowest.
   */
  readonly doneOrder: number | null;
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
  /** The transitions so far: rises by one with every line of the timeline. */
  readonly version: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** null also where it no longer counts: behind the pivot, and once it is being undone. */
  readonly deadlineAtMs: number | null;
  /** The starting event's data. */
  readonly start: JsonObject;
  /** By step: the data of the reply that decided it. */
  readonly replies: Readonly<Record<string, JsonObject>>;
  readonly steps: Readonly<Record<string, SagaStepProgress>>;
  /** The first line and the latest ones, `timelineMax` in all; `version` less its length is how many are gone. */
  readonly timeline: readonly SagaTransition[];
  /** How many lines of it tell of messages that changed nothing: at most `notesMax`, later ones are only counted by the metrics. */
  readonly notes: number;
};

/** Most lines of an instance's timeline. */
export const timelineMax = 500;
/** Most lines that tell of messages that changed nothing. */
export const notesMax = 50;

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
  /** `retry`: the step's command once more, and as often by itself as at first; `skip`: the step counts as succeeded, or as compensated; `compensate`: everything is undone. */
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
 * What becomes of an instance. null: the message starts nothing, and there is none. A message that changes nothing is a line of the timeline at
 * most, with no command.
 */
export type SagaDecision = {
  readonly instance: SagaInstance | null;
  /** The instance is not the one given and must be stored: its last `version` less the given one's lines are new. */
  readonly changed: boolean;
  readonly commands: readonly SagaCommand[];
  /** Of a message: what it was, for the metrics. */
  readonly heard: 'start' | 'reply' | 'late' | 'repeated' | 'foreign' | null;
};
