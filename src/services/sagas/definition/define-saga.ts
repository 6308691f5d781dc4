import type { JsonObject, JsonValue } from '../../../contract/index.ts';
import { parseSaga } from '../definition.ts';
import type { SagaDefinition } from '../saga.ts';
import { optional, type PayloadShape, type Reference, reference, templateOf } from './reference.ts';

/** The data of a saga's events, by the topic that they come on (`order-created`), or by topic and type (`domain-events/OrderCreated`). */
export type SagaEvents<Events> = { readonly [Name in keyof Events]: object };

type NameOf<Events> = keyof Events & string;
/** One event, or several that mean the same. */
type Names<Events> = NameOf<Events> | readonly NameOf<Events>[];
/** Milliseconds, or with a unit. */
type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** What a payload is made of. */
export type PayloadSource<Events> = {
  /** The data of the starting event, or of a reply that has come. */
  event<Name extends NameOf<Events>>(name: Name): Reference<Events[Name]>;
  readonly saga: Reference<{ readonly id: string; readonly correlationId: string }>;
  /** May be missing: then it is null. */
  optional<T>(value: Reference<T>): Reference<T | null>;
};

/** A command as a definition's file has it: the same names, defaults and meaning. */
export type CommandSource<Events> = {
  readonly command?: string;
  readonly topic?: string;
  readonly payload?: (from: PayloadSource<Events>) => PayloadShape;
  readonly success: Names<Events> | 'none';
  readonly failure?: Names<Events>;
  readonly timeout?: Duration;
  readonly retry?:
    | 'none'
    | { readonly attempts?: number; readonly delay?: Duration; readonly factor?: number; readonly 'max-delay'?: Duration };
};

export type StepSource<Events> = CommandSource<Events> & {
  readonly name: string;
  readonly topic: string;
  readonly compensation?: CommandSource<Events> & { readonly command: string };
};

export type SagaSource<Events> = {
  readonly name: string;
  readonly start: NameOf<Events>;
  /** A field that every event has. */
  readonly correlation: (keyof Events[keyof Events] & string) | `${string}.${string}`;
  readonly deadline?: Duration;
  readonly pivot?: string;
  readonly steps: readonly (StepSource<Events> | { readonly together: readonly StepSource<Events>[] })[];
};

/**
 * A saga in TypeScript, with typed events: the same definition that a file of the same content gives, with the same hash.
 *
 *     export default defineSaga<{ 'order-created': OrderCreated; 'inventory-reserved': InventoryReserved }>({ name: 'order-processing', ... });
 *
 * Throws SluiceError SAGA_INVALID with every fault at once.
 */
export function defineSaga<Events extends SagaEvents<Events>>(source: SagaSource<Events>): SagaDefinition {
  const from = payloadSource(source);
  const { name, start, correlation, deadline, pivot, steps } = source;
  const value = present({ name, start, correlation, deadline, pivot, steps: steps.map(item) });
  const definition = parseSaga({ value, lineOf: () => null }, `defineSaga('${name}')`);
  definitions.add(definition);
  return definition;

  function item(stage: SagaSource<Events>['steps'][number]): JsonObject {
    return 'together' in stage ? { together: stage.together.map(step) } : step(stage);
  }

  function step({ name: stepName, compensation, ...command }: StepSource<Events>): JsonObject {
    return present({ name: stepName, ...fields(command), compensation: compensation === undefined ? undefined : fields(compensation) });
  }

  function fields({ payload, ...rest }: CommandSource<Events>): JsonObject {
    return present({ ...rest, payload: payload === undefined ? undefined : templateOf(payload(from)) });
  }
}

const definitions = new WeakSet<object>();

/** The definition, where `defineSaga` made it; else null. */
export function definedHere(value: unknown): SagaDefinition | null {
  return typeof value === 'object' && value !== null && definitions.has(value) ? (value as SagaDefinition) : null;
}

/** Without what is left out. */
function present(fields: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter((field): field is [string, JsonValue] => field[1] !== undefined));
}

/** Leads each event's name to where its data is found: the starting event's, or the reply of the step that it answers. */
function payloadSource<Events extends SagaEvents<Events>>({ start, steps }: SagaSource<Events>): PayloadSource<Events> {
  const paths = new Map<string, string>();
  for (const { name, success, failure } of steps.flatMap(stage => ('together' in stage ? stage.together : [stage])))
    for (const reply of [success, failure ?? []].flat()) paths.set(reply, `$.replies.${name}`);
  paths.set(start, '$.start');
  return {
    // An event that nobody answers with leads to a step of no name, which is refused by that.
    event: name => reference(paths.get(name) ?? `$.replies.${name}`),
    saga: reference('$.saga'),
    optional,
  };
}
