import { randomUUID } from 'node:crypto';
import { type Clock, type ConnectRecord, type Logger, mapSchema, Struct, schemas, structSchema } from '../../../src/contract/index.ts';

/** `notification.*`. */
export type NotificationSettings = {
  /** The channel `log`. */
  readonly logged: boolean;
  /** The channel `sink`: the topic; null: not enabled. */
  readonly topic: string | null;
};

export type NotificationType =
  | 'STARTED'
  | 'PAUSED'
  | 'RESUMED'
  | 'ABORTED'
  | 'IN_PROGRESS'
  | 'TABLE_SCAN_COMPLETED'
  | 'COMPLETED'
  | 'SKIPPED';

/** What a snapshot has come to. */
export type Notification = {
  /** `Slot Gap` is ours. */
  readonly aggregate: 'Initial Snapshot' | 'Incremental Snapshot' | 'Slot Gap';
  readonly type: NotificationType;
  /** Of the signal that asked for the snapshot; null: by chance. */
  readonly id: string | null;
  readonly data: Readonly<Record<string, string>>;
};

// Debezium never adjusts these names (SinkNotificationChannel).
const keySchema = structSchema([['id', schemas.string]], { name: 'io.debezium.connector.common.NotificationKey', version: 1 });
const valueSchema = structSchema(
  [
    ['id', schemas.string],
    ['type', schemas.string],
    ['aggregate_type', schemas.string],
    ['additional_data', mapSchema(schemas.string, schemas.string, { optional: true })],
    ['timestamp', schemas.int64],
  ],
  { name: 'io.debezium.connector.common.Notification', version: 1 },
);

/** Debezium's notifications: into the log at once, into their topic with the batch that is read next. */
export class Notifications {
  readonly #settings: NotificationSettings;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #records: ConnectRecord[] = [];

  /** `prefix`: `topic.prefix`, under which notifications name their connector. */
  constructor(settings: NotificationSettings, prefix: string, clock: Clock, logger: Logger) {
    this.#settings = settings;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Whether there is a channel. */
  get enabled(): boolean {
    return this.#settings.logged || this.#settings.topic !== null;
  }

  send({ aggregate, type, id, data }: Notification): void {
    const { logged, topic } = this.#settings;
    if (!this.enabled) return;
    const shownId = id ?? randomUUID();
    const additional = { ...data, connector_name: this.#prefix };
    const timestamp = this.#clock.nowMs();
    if (logged)
      this.#logger.info(
        { id: shownId, aggregate_type: aggregate, type, additional_data: additional, timestamp },
        `Notification: ${aggregate} ${type}`,
      );
    if (topic === null) return;
    this.#records.push({
      topic,
      partition: null,
      timestamp: null,
      keySchema,
      key: new Struct(keySchema, [shownId]),
      valueSchema,
      value: new Struct(valueSchema, [shownId, type, aggregate, new Map(Object.entries(additional)), BigInt(timestamp)]),
      headers: [],
    });
  }

  /** Records for the topic since the last call. */
  take(): readonly ConnectRecord[] {
    const records = this.#records;
    if (records.length > 0) this.#records = [];
    return records;
  }
}
