import type { Notifications, NotificationType } from '../notifications/notifications.ts';
import type { IncrementalState } from './state.ts';

type ShownKey = (key: readonly string[]) => string;

/** What an incremental snapshot tells of itself, with the fields that Debezium’s IncrementalSnapshotNotificationService gives each notification. */
export class IncrementalNotices {
  readonly #notifications: Notifications;
  readonly #state: IncrementalState;
  readonly #shownKey: ShownKey;

  constructor(notifications: Notifications, state: IncrementalState, shownKey: ShownKey = key => key.join(',')) {
    [this.#notifications, this.#state, this.#shownKey] = [notifications, state, shownKey];
  }

  /** `data` null: the tables are not told either. */
  send(type: NotificationType, data: Readonly<Record<string, string>> | null): void {
    const data_collections = this.#state.collections.map(({ name }) => name).join(',');
    const told = data === null ? {} : { data_collections, ...data };
    this.#notifications.send({ aggregate: 'Incremental Snapshot', type, id: this.#state.signal, data: told });
  }

  /** A chunk that ends with this key is published. */
  inProgress(name: string, last: readonly string[]): void {
    this.send('IN_PROGRESS', {
      current_collection_in_progress: name,
      maximum_key: this.#shownKey(this.#state.maximum!),
      last_processed_key: this.#shownKey(last),
    });
  }
}
