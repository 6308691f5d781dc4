import { type LogRecord, recordVersion, type SerializedHeader, type SluiceError, type TaskId } from '../../contract/index.ts';

/** Connect's stages of a sink record's way (org.apache.kafka.connect.runtime.errors.Stage), as far as one can fail there. */
export type ErrorStage = 'KEY_CONVERTER' | 'VALUE_CONVERTER' | 'HEADER_CONVERTER' | 'TRANSFORMATION' | 'TASK_PUT';

/** What Connect names as the class at work where a sink itself has refused a record. */
export const sinkTaskClass = 'org.apache.kafka.connect.sink.SinkTask';

/** A record that failed, as it lies in the log, and why. */
export type FailedRecord = {
  readonly record: LogRecord;
  readonly version: bigint;
  readonly stage: ErrorStage;
  readonly className: string;
  readonly error: SluiceError;
};

const prefix = '__connect.errors.';
/** Ours beside Connect's: what a redelivery needs to change nothing that is newer. */
const versionHeader = 'sluice.errors.version';

/** What a Java consumer of dead letters knows the error by. */
function exceptionClass({ code }: SluiceError): string {
  const isData = code === 'CONVERSION_FAILED' || code === 'TRANSFORM_FAILED';
  return `org.apache.kafka.connect.errors.${isData ? 'DataException' : 'ConnectException'}`;
}

/** The headers of a dead letter: the record's own, then Connect's context of the error (DeadLetterQueueReporter), then the record's version. */
export function deadLetterHeaders({ record, version, stage, className, error }: FailedRecord, task: TaskId): readonly SerializedHeader[] {
  const context: readonly (readonly [name: string, value: string])[] = [
    [`${prefix}topic`, record.topic],
    [`${prefix}partition`, String(record.partition)],
    [`${prefix}offset`, String(record.offset)],
    [`${prefix}connector.name`, task.connector],
    [`${prefix}task.id`, String(task.task)],
    [`${prefix}stage`, stage],
    [`${prefix}class.name`, className],
    [`${prefix}exception.class.name`, exceptionClass(error)],
    [`${prefix}exception.message`, error.message],
    [`${prefix}exception.stacktrace`, `${exceptionClass(error)}: ${error.message}\n${framesOf(error)}`],
    [versionHeader, String(version)],
  ];
  return [...record.headers, ...context.map(([key, value]) => ({ key, value: Buffer.from(value) }))];
}

function framesOf({ stack = '' }: SluiceError): string {
  return stack.slice(Math.max(0, stack.indexOf('\n    at ') + 1));
}

/** A dead letter as it is read back: the record as it was, and what its headers say. */
export type DeadLetter = {
  /** Where it lies among the dead letters. */
  readonly letter: { readonly topic: string; readonly partition: number; readonly offset: bigint };
  /** The record as it lay in the log, with its place there. */
  readonly record: LogRecord;
  readonly version: bigint;
  readonly connector: string;
  readonly task: number;
  readonly stage: string;
  readonly className: string;
  readonly exceptionClass: string;
  readonly message: string;
};

/**
 * Reads a dead letter by its headers; of each the last one counts, since a letter that failed again has them twice. Answers null where they
 * do not say where the record lay: without `errors.deadletterqueue.context.headers.enable` nobody knows.
 */
export function readDeadLetter(letter: LogRecord): DeadLetter | null {
  const context = new Map<string, string>();
  const own: SerializedHeader[] = [];
  for (const header of letter.headers) {
    if (header.key.startsWith(prefix) || header.key === versionHeader) context.set(header.key, Buffer.from(header.value ?? []).toString());
    else own.push(header);
  }
  const text = (name: string) => context.get(prefix + name) ?? '';
  const [topic, partition, offset] = [text('topic'), Number(text('partition') || 'x'), text('offset')];
  if (topic === '' || !Number.isInteger(partition) || !/^\d+$/.test(offset)) return null;
  const { key, value, timestampMs } = letter;
  const version = context.get(versionHeader) ?? '';
  return {
    letter: { topic: letter.topic, partition: letter.partition, offset: letter.offset },
    record: { topic, partition, offset: BigInt(offset), timestampMs, key, value, headers: own },
    // One that Kafka Connect has written has no version: it is older than everything this engine has given one.
    version: /^\d+$/.test(version) ? BigInt(version) : recordVersion(0, BigInt(offset)),
    connector: text('connector.name'),
    task: Number(text('task.id')),
    stage: text('stage'),
    className: text('class.name'),
    exceptionClass: text('exception.class.name'),
    message: text('exception.message'),
  };
}

/** The group whose offsets say how far a connector's dead letters have been dealt with. It has no members. */
export function deadLetterGroup(connector: string): string {
  return `sluice-dead-letters-${connector}`;
}
