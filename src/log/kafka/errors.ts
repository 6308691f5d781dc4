import { type ErrorCode, SluiceError, toSluiceError } from '../../contract/index.ts';
import { GenericError, protocolErrors, TimeoutError } from './client.ts';

/** What a broker answered, by its name in the Kafka protocol (`NOT_COORDINATOR`). */
export class BrokerError extends Error {
  readonly answer: string;
  /** The topic it is about, where it is about one. */
  readonly topic: string | null;

  constructor(answer: string, detail: string | null | undefined = null, topic: string | null = null) {
    super(`${answer}: ${detail || protocolErrors[answer]?.message || 'no further message'}`);
    this.answer = answer;
    this.topic = topic;
  }
}

/** What went wrong before the request itself was sent (no connection, no coordinator): it has had no effect. */
export class NotSentError extends Error {
  constructor(cause: unknown) {
    super('', { cause });
  }
}

/** Awaits what a request needs before it can be sent. */
export async function beforeSending<T>(needed: Promise<T>): Promise<T> {
  try {
    return await needed;
  } catch (error) {
    throw new NotSentError(error);
  }
}

const fenced = new Set(['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH', 'TRANSACTION_COORDINATOR_FENCED']);

/** Answers that say "I did nothing; ask again or ask another": repeating the request is safe. */
const repeatable = new Set([
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'CONCURRENT_TRANSACTIONS',
  'NOT_CONTROLLER',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'OFFSET_NOT_AVAILABLE',
  'REQUEST_TIMED_OUT',
  'NETWORK_EXCEPTION',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
  'THROTTLING_QUOTA_EXCEEDED',
  // Nothing is wrong with this partition: another one of the same request was refused.
  'OPERATION_NOT_ATTEMPTED',
]);

/**
 * Not to be repeated, but over with a new producer id or epoch: the broker has lost or forgotten the producer's state (a transactional id
 * unused for a week), or failed in a way of its own.
 */
const healsWithNewProducer = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
  'TRANSACTION_ABORTABLE',
  'UNKNOWN_SERVER_ERROR',
]);

/** The answers that say that a topic does not exist. */
export const unknownTopic = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID']);

/** Those after which partition leaders must be looked up again. */
export const staleMetadata = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'REPLICA_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
  'KAFKA_STORAGE_ERROR',
]);

/** The error itself, its causes and its parts, outermost first; bounded against cycles. */
function chain(error: unknown): Error[] {
  const found: Error[] = [];
  const waiting: unknown[] = [error];
  while (waiting.length > 0 && found.length < 50) {
    const next = waiting.shift();
    if (!(next instanceof Error) || found.includes(next)) continue;
    found.push(next);
    if (next instanceof AggregateError) waiting.push(...next.errors);
    waiting.push(next.cause);
  }
  return found;
}

/**
 * The broker's answer within an error of the client, or null where it never came to one. Of several, the first that is a reason: a request
 * over many partitions is refused for one of them, and the others are answered OPERATION_NOT_ATTEMPTED.
 */
export function brokerAnswer(error: unknown): BrokerError | null {
  const answers = chain(error)
    .map(answerOf)
    .filter(answer => answer !== null);
  return answers.find(({ answer }) => answer !== 'OPERATION_NOT_ATTEMPTED') ?? answers[0] ?? null;
}

function answerOf(part: Error): BrokerError | null {
  if (part instanceof BrokerError) return part;
  if (!(part instanceof GenericError)) return null;
  if (part.code === 'PLT_KFK_PROTOCOL') return new BrokerError(String(part['apiId']), part['serverErrorMessage']);
  // The client turns an unknown topic into an error of its own.
  return /^Unknown topic /.test(part.message) ? new BrokerError('UNKNOWN_TOPIC_OR_PARTITION') : null;
}

/**
 * Whether the same request may simply be repeated: `answered`: the broker said so, or it was never sent; `lost`: the request or its answer
 * got lost, so it may have taken effect.
 */
export function isRepeatable(error: unknown): 'answered' | 'lost' | false {
  const answer = brokerAnswer(error);
  if (answer !== null) return repeatable.has(answer.answer) ? 'answered' : false;
  if (!isLost(error) || isAuthentication(error)) return false;
  return error instanceof NotSentError ? 'answered' : 'lost';
}

/** The request or its answer got lost: nobody knows whether it took effect. */
export function isLost(error: unknown): boolean {
  return chain(error).some(
    part =>
      part instanceof TimeoutError ||
      (part instanceof GenericError && part.code === 'PLT_KFK_NETWORK') ||
      /^(ECONN|ETIMEDOUT|EPIPE|EHOST|ENET|ENOTFOUND|EAI_)/.test((part as NodeJS.ErrnoException).code ?? ''),
  );
}

function isAuthentication(error: unknown): boolean {
  return chain(error).some(
    part =>
      (part instanceof GenericError && (part.code === 'PLT_KFK_AUTHENTICATION' || part.code === 'PLT_KFK_USER')) ||
      /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/.test((part as NodeJS.ErrnoException).code ?? ''),
  );
}

function codeOf(error: unknown): ErrorCode {
  const answer = brokerAnswer(error)?.answer;
  if (answer !== undefined) {
    if (fenced.has(answer)) return 'FENCED';
    if (answer === 'MESSAGE_TOO_LARGE' || answer === 'RECORD_LIST_TOO_LARGE') return 'RECORD_TOO_LARGE';
    if (healsWithNewProducer.has(answer)) return 'LOG_UNAVAILABLE';
    if (answer === 'SASL_AUTHENTICATION_FAILED' || !repeatable.has(answer)) return 'LOG_REFUSED';
    if (unknownTopic.has(answer)) return 'TOPIC_UNKNOWN';
    return 'LOG_UNAVAILABLE';
  }
  return isAuthentication(error) ? 'LOG_REFUSED' : 'LOG_UNAVAILABLE';
}

/** The innermost message: the broker's or the system's own. */
function reason(error: unknown): string {
  const answer = brokerAnswer(error);
  if (answer !== null) return answer.message;
  const messages = chain(error)
    .map(part => part.message)
    .filter(message => message !== '');
  return messages.filter((message, index) => messages.indexOf(message) === index).join(' ') || String(error);
}

/** Any error of the client as one of the catalogue. `doing` completes "Cannot ...": `write to topic x`. */
export function kafkaError(doing: string, error: unknown, code: ErrorCode = codeOf(error)): SluiceError {
  if (error instanceof SluiceError) return error;
  return new SluiceError(code, `Cannot ${doing}: ${reason(error)}`, { cause: error });
}

/** As `kafkaError`, for errors that may come from anywhere: what neither a broker nor the network said is a bug here. */
export function toLogError(doing: string, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const ofClient = chain(error).some(part => part instanceof GenericError || part instanceof BrokerError);
  return ofClient || isLost(error) ? kafkaError(doing, error) : toSluiceError(error);
}
