/**
 * The catalogue of everything that can go wrong. `retry`: `never` stops the task with this error until somebody acts; `backoff` is
 * tried again by itself with growing pauses (the narrow list: only what may heal without anybody acting); `record` concerns one record
 * and follows the connector's error policy (errors.tolerance). The remedy is what a reader should do.
 * No code has two meanings (a test holds that codes are used as they are described here).
 */
export const errorCatalogue = {
  // Configuration
  CONFIG_INVALID: { retry: 'never', remedy: 'Correct the options named and submit the connector again.' },
  CONFIG_FILE_UNREADABLE: { retry: 'never', remedy: 'Check the path, the permissions and the YAML or JSON syntax of the file.' },
  CONFIG_PROVIDER_FAILED: { retry: 'never', remedy: 'Check that the file, key or variable the placeholder names exists and can be read.' },
  PLUGIN_UNKNOWN: { retry: 'never', remedy: 'Use one of the classes that GET /connector-plugins?connectorsOnly=false lists.' },
  // Records
  TRANSFORM_FAILED: { retry: 'record', remedy: 'Correct the transform’s options, put a predicate before it, or set errors.tolerance=all.' },
  CONVERSION_FAILED: { retry: 'record', remedy: 'Use a converter that can hold this value, or set errors.tolerance=all.' },
  RECORD_TOO_LARGE: {
    retry: 'never',
    remedy:
      'Raise max.message.bytes on the topic and max.request.size (producer.override.*), or exclude or truncate the column; then restart the task.',
  },
  // Log
  FENCED: {
    retry: 'never',
    remedy: 'Another worker owns this task now; stop one of the two, then restart the task. Workers of one group settle it by themselves.',
  },
  LOG_UNAVAILABLE: { retry: 'backoff', remedy: 'Check that the log (the broker, or the disk under data.dir) can be reached.' },
  LOG_FULL: {
    retry: 'backoff',
    remedy: 'Free space on the disk under data.dir; the task goes on by itself. A shorter retention keeps it from filling again.',
  },
  LOG_LOCKED: { retry: 'never', remedy: 'Stop that worker, choose another data.dir, or let this one stand by (standby=true).' },
  LOG_REFUSED: { retry: 'never', remedy: 'Read the broker’s message: authorization or topic configuration usually.' },
  LOG_CORRUPT: { retry: 'never', remedy: 'Restore data.dir from a copy, or move it away and take a new snapshot.' },
  TOPIC_UNKNOWN: {
    retry: 'never',
    remedy:
      'Check the topic’s name; `sluice log` without a topic lists those there are. One that was deleted under a task is made again when the task is restarted.',
  },
  OFFSET_UNKNOWN: {
    retry: 'never',
    remedy:
      'Set the group’s offsets (PATCH /connectors/NAME/offsets), or consumer.override.auto.offset.reset to earliest or latest; then restart.',
  },
  // Database
  DATABASE_UNAVAILABLE: {
    retry: 'backoff',
    remedy: 'Check that the database is up and can be reached from here; the task goes on by itself.',
  },
  DATABASE_FAILED: { retry: 'never', remedy: 'Read the database’s message, correct what it names and restart the task.' },
  LOGIN_REFUSED: { retry: 'never', remedy: 'Check database.user, database.password and the server’s access rules (pg_hba.conf).' },
  TLS_FAILED: {
    retry: 'never',
    remedy: 'Check the server’s certificate against database.sslmode, database.sslrootcert and database.hostname, and the client’s own.',
  },
  PRIVILEGE_MISSING: { retry: 'never', remedy: 'Grant the right that the message names.' },
  WAL_LEVEL: { retry: 'never', remedy: 'Set wal_level = logical in postgresql.conf and restart the server.' },
  SLOT_IN_USE: { retry: 'backoff', remedy: 'Stop the other reader of the slot, or give this connector its own slot.name.' },
  SLOT_LOST: {
    retry: 'never',
    remedy:
      'The changes since the last offset are gone: take a new snapshot (snapshot.mode=when_needed does it by itself), or have the tables read again beside the stream (slot.guard.heal=incremental).',
  },
  SLOT_GIVEN_UP: {
    retry: 'never',
    remedy:
      'Set slot.guard.heal=incremental, or snapshot.mode=when_needed, and restart the task: it makes a new slot and reads the tables again.',
  },
  SLOT_INVALID: { retry: 'never', remedy: 'Give slot.name a slot of this database with the right plugin, or a new name.' },
  PUBLICATION_MISSING: { retry: 'never', remedy: 'Create the publication, or let publication.autocreate.mode create it.' },
  POSITION_LOST: {
    retry: 'never',
    remedy:
      'Take a new snapshot (snapshot.mode=when_needed does it by itself); or, where the changes in between are not needed, set the offset to where the slot is.',
  },
  NO_TABLES: { retry: 'never', remedy: 'Correct the include and exclude lists, or create the tables.' },
  TABLE_UNREADABLE: { retry: 'never', remedy: 'Grant SELECT on the table, or exclude it.' },
  MALFORMED_MESSAGE: {
    retry: 'never',
    remedy: 'The replication stream cannot be read: check versions and proxies between here and the server.',
  },
  SCHEMA_UNKNOWN: {
    retry: 'never',
    remedy:
      'Set binlog_row_metadata=FULL on the server, so that its log itself names the columns, and take a new snapshot of the table; or exclude the table.',
  },
  SCHEMA_HISTORY_LOST: {
    retry: 'never',
    remedy: 'Restore the topic of schema.history.internal.kafka.topic, or take a new snapshot (snapshot.mode=recovery or when_needed).',
  },
  TABLE_CHANGED: {
    retry: 'backoff',
    remedy: 'Somebody changed or dropped the table while the snapshot ran; the task goes on by itself, with the table as it is now.',
  },
  SNAPSHOT_FAILED: {
    retry: 'never',
    remedy: 'Read the database’s message, correct it and restart the task; finished chunks are not read again.',
  },
  // Sinks
  TARGET_UNAVAILABLE: {
    retry: 'backoff',
    remedy: 'Check that the sink’s target is up and can be reached from here; the task goes on by itself.',
  },
  TARGET_REFUSED: {
    retry: 'never',
    remedy: 'Read the target’s message: login, rights or settings usually; correct them and restart the task.',
  },
  RECORD_REFUSED: {
    retry: 'record',
    remedy: 'Correct the record’s source, a transform or the target; or set errors.tolerance=all, with a topic for dead letters.',
  },
  HANDLER_FAILED: {
    retry: 'record',
    remedy:
      'Correct the function of handler.module that the message names; throw a RetriableError there for what heals by itself; or set errors.tolerance=all.',
  },
  // Event store
  STREAM_CONFLICT: {
    retry: 'never',
    remedy: 'Read the stream again, decide anew, and append with the version it has now.',
  },
  STREAM_DELETED: { retry: 'never', remedy: 'Use another stream: this one was deleted for good, and takes nothing more.' },
  EVENT_INVALID: { retry: 'never', remedy: 'Correct the event, the name or the option that the message names; nothing was stored.' },
  STORE_UNAVAILABLE: {
    retry: 'backoff',
    remedy:
      'Check that the store of events or sagas (its database, or the disk under it) can be reached; an append is tried again with the same event ids.',
  },
  STORE_FAILED: { retry: 'never', remedy: 'Read the store’s message and mend what it names: its tables, its file or its version.' },
  // Sagas
  MESSAGE_UNREADABLE: {
    retry: 'record',
    remedy: 'Correct whoever publishes it: a message is a JSON object with the correlation id that the saga’s definition names.',
  },
  MESSAGE_UNEXPECTED: {
    retry: 'record',
    remedy: 'Publish the starting event first, and answers with the correlation id and the idempotency key of the command they answer.',
  },
  SAGA_INVALID: {
    retry: 'never',
    remedy: 'Correct the definition at the places that the message names; `sluice saga simulate FILE` looks at it without a worker.',
  },
  // REST
  LISTEN_FAILED: { retry: 'never', remedy: 'Stop the process that has the address, or change `listeners` in the worker’s file.' },
  NOT_FOUND: { retry: 'never', remedy: 'Check the name.' },
  CONFLICT: { retry: 'never', remedy: 'Read the message: the connector is in another state than this call needs.' },
  BAD_REQUEST: { retry: 'never', remedy: 'Correct the request.' },
  UNAVAILABLE: { retry: 'never', remedy: 'The worker is starting or stopping: ask again in a moment.' },
  INTERNAL: { retry: 'never', remedy: 'This is a bug in Sluice: please report it with the trace.' },
} as const satisfies Record<string, { retry: 'never' | 'backoff' | 'record'; remedy: string }>;

export type ErrorCode = keyof typeof errorCatalogue;
export type RetryPolicy = 'never' | 'backoff' | 'record';

/** An error of the catalogue. The message says what happened, to which connector and table; never a row's value or a secret (invariant 8). */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  readonly code: ErrorCode;
  readonly remedy: string;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; remedy?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy ?? errorCatalogue[code].remedy;
  }

  get retry(): RetryPolicy {
    return errorCatalogue[this.code].retry;
  }
}

/** STREAM_CONFLICT: a stream of the event store is at another version than an append expected. */
export class StreamConflictError extends SluiceError {
  /** The version of the stream's last event; 0 where it never had one. */
  readonly currentVersion: bigint;

  constructor(message: string, currentVersion: bigint) {
    super('STREAM_CONFLICT', message);
    this.currentVersion = currentVersion;
  }
}

/** Any thrown thing as a SluiceError: itself, or INTERNAL around it. */
export function toSluiceError(thrown: unknown): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  return new SluiceError('INTERNAL', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}
