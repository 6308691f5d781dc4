import { type ConnectRecord, type Header, type Logger, SluiceError } from '../../src/contract/index.ts';
import { type HandlerContext, type PublishOptions, RefusedError, RetriableError, type TopicHandler } from './api.ts';
import type { Dispatch } from './change-events.ts';
import { placeOf } from './error-place.ts';
import type { OnceMemory } from './once-memory.ts';
import { recordValue } from './plain-value.ts';

/** Most records that one event publishes: they are held until the batch is durable. */
const publishedMax = 10_000;

/** What the events of a task have in common. */
export type EventSurroundings = {
  readonly connector: string;
  readonly task: number;
  readonly config: Readonly<Record<string, string>>;
  readonly logger: Logger;
  readonly once: OnceMemory;
  /** The module's path, to be found again in stacks. */
  readonly module: string;
  readonly timeoutMs: number;
  readonly includeMessages: boolean;
};

class TimeIsUp extends Error {}

/** What `context.signal` says when the function has ended well. */
const eventEnded = new Error('the event has ended');

/**
 * Calls the function of an event and waits for its end. Answers what it published. Throws a SluiceError: TARGET_UNAVAILABLE for a RetriableError,
 * RECORD_REFUSED for a RefusedError, HANDLER_FAILED for every other error and where the time is up; or, aborted, the signal's reason.
 */
export async function runEvent(
  handler: TopicHandler<object>,
  dispatch: Dispatch,
  surroundings: EventSurroundings,
  abort: AbortSignal,
): Promise<readonly ConnectRecord[]> {
  abort.throwIfAborted();
  const course = new Course();
  const published: ConnectRecord[] = [];
  const context = contextOf(surroundings, published, course);
  const stop = () => course.end(abort.reason);
  let timer: NodeJS.Timeout | undefined;
  try {
    const running = call(handler, dispatch, context);
    if (running instanceof Promise) {
      abort.addEventListener('abort', stop, { once: true });
      timer = setTimeout(() => course.end(new TimeIsUp()), surroundings.timeoutMs);
      await Promise.race([running, course.stopped]);
    }
    return published;
  } catch (error) {
    if (abort.aborted && error === abort.reason) throw error;
    throw failureOf(error, dispatch, surroundings);
  } finally {
    clearTimeout(timer);
    abort.removeEventListener('abort', stop);
    course.end(eventEnded);
  }
}

/** How long an event goes on. Most functions never ask for a signal, which costs more than all the rest: it is made for those that do. */
class Course {
  #ending: { readonly reason: unknown } | null = null;
  #controller: AbortController | null = null;
  #reject: ((reason: unknown) => void) | null = null;

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#ending !== null) this.#controller.abort(this.#ending.reason);
    }
    return this.#controller.signal;
  }

  /** Rejects with the reason when it is ended before its function. */
  get stopped(): Promise<never> {
    return new Promise((_, reject) => {
      this.#reject = reject;
    });
  }

  /** Only the first reason counts. */
  end(reason: unknown): void {
    if (this.#ending !== null) return;
    this.#ending = { reason };
    this.#controller?.abort(reason);
    if (reason !== eventEnded) this.#reject?.(reason);
  }

  assertGoing(): void {
    if (this.#ending !== null) throw this.#ending.reason === eventEnded ? new Error(eventEnded.message) : this.#ending.reason;
  }
}

function call(handler: TopicHandler<object>, dispatch: Dispatch, context: HandlerContext): unknown {
  switch (dispatch.name) {
    case 'onCreate':
      return handler.onCreate?.(dispatch.event, context);
    case 'onUpdate':
      return handler.onUpdate?.(dispatch.event, context);
    case 'onDelete':
      return handler.onDelete?.(dispatch.event, context);
    case 'onTruncate':
      return handler.onTruncate?.(dispatch.event, context);
  }
}

function contextOf(
  { connector, task, config, logger, once }: EventSurroundings,
  published: ConnectRecord[],
  course: Course,
): HandlerContext {
  return {
    connector,
    task,
    config,
    logger,
    get signal() {
      return course.signal;
    },
    publish(topic, key, value, options = {}) {
      course.assertGoing();
      if (published.length >= publishedMax) throw new RefusedError(`One event published more than ${publishedMax} records.`);
      published.push(recordOf(topic, key, value, options));
    },
    async once(key, effect) {
      course.assertGoing();
      return once.once(key, () => effect(`${connector}:${key}`));
    },
  };
}

function recordOf(topic: string, key: unknown, value: unknown, options: PublishOptions): ConnectRecord {
  if (typeof topic !== 'string' || topic === '') throw new RefusedError('context.publish was given no topic.');
  const { headers = {}, timestampMs = null, partition = null } = options;
  return {
    topic,
    partition,
    timestamp: timestampMs,
    keySchema: null,
    key: published('key', topic, key),
    valueSchema: null,
    value: published('value', topic, value),
    headers: Object.entries(headers).map(
      ([name, header]): Header => ({ key: name, schema: null, value: published(`header ${name}`, topic, header) }),
    ),
  };
}

function published(what: string, topic: string, plain: unknown) {
  try {
    return recordValue(plain);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new RefusedError(`The ${what} published to '${topic}' is nothing that a record can hold: ${error.message}.`);
  }
}

/** The error as the engine deals with it. Messages that nobody wrote to be shown stay out, since they may quote a row (invariant 8). */
function failureOf(error: unknown, { name, event }: Dispatch, { module, timeoutMs, includeMessages }: EventSurroundings): SluiceError {
  if (error instanceof SluiceError) return error;
  const where = `${name} of topic '${event.topic}'`;
  if (error instanceof TimeIsUp)
    return new SluiceError('HANDLER_FAILED', `${where} took longer than handler.timeout.ms (${timeoutMs} ms).`, {
      remedy: 'Raise handler.timeout.ms, or hand context.signal to what waits there and throw a RetriableError.',
    });
  const at = placeOf(error, module);
  const place = at === null ? '' : ` at ${at}`;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RetriableError) return new SluiceError('TARGET_UNAVAILABLE', `${where} cannot go on${place}: ${message}`);
  if (error instanceof RefusedError) return new SluiceError('RECORD_REFUSED', `${where} refused the record${place}: ${message}`);
  const kind = error instanceof Error ? error.constructor.name : typeof error;
  return new SluiceError('HANDLER_FAILED', `${where} failed${place}: ${kind}${includeMessages ? `: ${message}` : ''}`);
}
