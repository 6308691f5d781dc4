import { SluiceError } from '../../contract/index.ts';
import type { EventMetadata, StreamId } from '../event-store/event-store.ts';
import { nameFault } from '../event-store/stream-id.ts';

/** An event that a service publishes: what happened (`type`, `data`), and to which aggregate. It is a `NewEvent` too, for an event store. */
export type DomainEvent<Type extends string = string, Data = unknown> = {
  readonly aggregate: StreamId;
  readonly type: Type;
  readonly data: Data;
  readonly schemaVersion: number;
  /** Left out: a new UUID (version 7). */
  readonly id?: string;
  readonly metadata?: EventMetadata;
  /** When it happened, in milliseconds since 1970; left out: now. */
  readonly timestampMs?: number;
};

/** What is said of one event beside its data. */
export type EventDetails = Pick<DomainEvent, 'aggregate' | 'id' | 'metadata' | 'timestampMs'>;

/** Makes events of one type. Throws SluiceError EVENT_INVALID for data that its check refuses. */
export type EventDefinition<Type extends string, Data> = {
  readonly type: Type;
  readonly schemaVersion: number;
  (data: Data, details: EventDetails): DomainEvent<Type, Data>;
};

export type EventDefinitionOptions<Data> = {
  /** Of the data; default 1. Raise it with what the data mean. */
  readonly schemaVersion?: number;
  /** What is wrong with some data, in words that hold no value of them; null: nothing. */
  readonly check?: (data: Data) => string | null;
};

/**
 * Defines a type of event, once for a service: `const orderPlaced = defineEvent('OrderPlaced', { check: (data: OrderPlaced) => ... })`, and then
 * `orderPlaced(data, { aggregate: { type: 'order', id } })`. Throws SluiceError EVENT_INVALID for a name or a version that cannot be one.
 */
export function defineEvent<const Type extends string, Data = unknown>(
  type: Type,
  { schemaVersion = 1, check }: EventDefinitionOptions<Data> = {},
): EventDefinition<Type, Data> {
  const fault = nameFault('event type', type);
  if (fault !== null) throw new SluiceError('EVENT_INVALID', fault);
  if (!Number.isSafeInteger(schemaVersion) || schemaVersion < 1)
    throw new SluiceError('EVENT_INVALID', `The schema version of ${type} is no whole number from 1 on.`);
  const make = (data: Data, details: EventDetails): DomainEvent<Type, Data> => {
    const wrong = check?.(data) ?? null;
    if (wrong !== null) throw new SluiceError('EVENT_INVALID', `The data of an event ${type} are refused: ${wrong}`);
    return { ...details, type, data, schemaVersion };
  };
  return Object.assign(make, { type, schemaVersion });
}
