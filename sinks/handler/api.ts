/**
 * What a handler's module is written with: `import { defineHandler } from 'sluice/handler'`. The running program gives its own copy of this
 * file to the modules it loads, wherever they lie.
 *
 * Values are plain: structs, maps and objects are objects; an integer is a number, and a bigint beyond 2^53; bytes are a Uint8Array. Where the
 * record has its schema (the JSON converter's `schemas.enable`), DECIMAL and NUMERIC are text with all their digits, dates and times are text as
 * in ISO 8601, and a JSON column is its document. Without it, values are as the source's converter wrote them.
 */
import type { Logger } from '../../src/contract/index.ts';

export type { Logger } from '../../src/contract/index.ts';

/** A record's key by its fields; null where it has none. */
export type EventKey = Readonly<Record<string, unknown>> | null;

/** What every event tells. */
export type ChangeEvent = {
  /** As it is after the connector's transforms. */
  readonly topic: string;
  readonly key: EventKey;
  /** Debezium's `op`: `c`, `u`, `d`, `r` (read by a snapshot), `t`; null where the record does not say. */
  readonly operation: string | null;
  /** Debezium's source block; null without an envelope. */
  readonly source: Readonly<Record<string, unknown>> | null;
  /** When the database made the change, in milliseconds since 1970; null where the record does not say. */
  readonly changedAtMs: number | null;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Where the record lies in the log: the same however often it comes. */
  readonly place: { readonly topic: string; readonly partition: number; readonly offset: bigint };
  /** Rises with every record of a key: what is written elsewhere with it can refuse what is older. */
  readonly version: bigint;
  /** It is sent again because an operator replays the log. */
  readonly replayed: boolean;
};

type RowEvent<Row> = ChangeEvent & {
  /** Columns of `after` that the database did not send (unchanged TOAST, a partial image): they are not in `after`. */
  readonly missing: readonly (keyof Row & string)[];
};

/** A row was made, or read by a snapshot (`operation` is `r`). */
export type CreateEvent<Row extends object> = RowEvent<Row> & { readonly before: null; readonly after: Row };

/**
 * A row was changed. `before` is null where the database does not send it, and then `changed` is null too: Postgres sends it with REPLICA
 * IDENTITY FULL, MySQL with binlog_row_image=FULL.
 */
export type UpdateEvent<Row extends object> = RowEvent<Row> & {
  readonly before: Row | null;
  readonly after: Row;
  /** The columns whose values differ; null where that is not known. */
  readonly changed: ReadonlySet<keyof Row & string> | null;
};

/** A row is gone. `before` is what the database sent of it: of Postgres without REPLICA IDENTITY FULL, the key's columns alone have values. */
export type DeleteEvent<Row extends object> = ChangeEvent & { readonly before: Row | null; readonly after: null };

/** All rows of the table are gone. */
export type TruncateEvent = ChangeEvent;

export type PublishOptions = {
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970; left out: the log's own time. */
  readonly timestampMs?: number;
  /** Left out: chosen by the key, as Kafka does. */
  readonly partition?: number;
};

/** What a function may do and know. It belongs to one event, and ends with it. */
export type HandlerContext = {
  readonly connector: string;
  readonly task: number;
  /** The connector's `handler.config.*`, without that prefix; placeholders such as `${file:...}` are replaced. */
  readonly config: Readonly<Record<string, string>>;
  readonly logger: Logger;
  /** Aborted when the event's time is up or the task is stopped: hand it to whatever waits. */
  readonly signal: AbortSignal;
  /**
   * Publishes a record, with the connector's converters, in the transaction of the log that makes the event's offset durable: exactly
   * once for each event that ends well, and not at all where the function throws. Records keep the order of the events.
   */
  publish(topic: string, key: unknown, value: unknown, options?: PublishOptions): void;
  /**
   * Runs a side effect that should not be repeated. The effect is promised at least once: it is remembered (`handler.once.file`) after it
   * has ended well, so that a crash right between the two repeats it. Its argument is the same text every time: hand it on where the other
   * side takes an idempotency key, and it is once. Keys are the connector's own; one effect a key, whatever event it comes from. Answers
   * whether the effect ran now.
   */
  once(key: string, effect: (idempotencyKey: string) => unknown): Promise<boolean>;
};

/** The functions of a topic. One that is left out: such events need nothing done. */
export type TopicHandler<Row extends object> = {
  onCreate?(event: CreateEvent<Row>, context: HandlerContext): unknown;
  onUpdate?(event: UpdateEvent<Row>, context: HandlerContext): unknown;
  onDelete?(event: DeleteEvent<Row>, context: HandlerContext): unknown;
  onTruncate?(event: TruncateEvent, context: HandlerContext): unknown;
};

/** By topic. */
export type Handler<Rows extends { readonly [Topic in keyof Rows]: object }> = {
  readonly [Topic in keyof Rows]: TopicHandler<Rows[Topic]>;
};

/**
 * The module's default export: functions by topic, with the type of each topic's rows.
 *
 *     export default defineHandler<{ 'shop.public.users': User }>({
 *       'shop.public.users': { onCreate(event, context) { context.publish('user-events', event.after.id, { type: 'UserCreated' }); } },
 *     });
 */
export function defineHandler<Rows extends { readonly [Topic in keyof Rows]: object }>(topics: Handler<Rows>): Handler<Rows> {
  return topics;
}

/**
 * Thrown for what heals by itself, such as a server that is away: the event comes again, with growing pauses, until it goes well. Everything
 * behind it waits. The message is shown, so it must hold no row's value and no secret.
 */
export class RetriableError extends Error {
  override readonly name = 'RetriableError';
}

/**
 * Thrown for a record that cannot be handled however often it comes: `errors.tolerance` says what becomes of it. As any other error, but
 * its message is shown, so it must hold no row's value and no secret.
 */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}
