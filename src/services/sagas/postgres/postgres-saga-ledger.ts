import {
  type AssignedPartition,
  type EventLog,
  type LogConsumer,
  type PartitionOffset,
  SluiceError,
  toSluiceError,
} from '../../../contract/index.ts';
import type { SqlClient } from '../../event-store/postgres/sql-client.ts';
import type { SagaBatch } from '../runtime/saga-batch.ts';
import type { EndedInstance, SagaInstances } from '../runtime/saga-instances.ts';
import type { SagaLedger } from '../runtime/saga-store.ts';
import type { PinnedDefinition, SagaInstance } from '../saga.ts';
import { fence, fenced, type Leadership } from './leadership.ts';
import { sagaPublicationName } from './publication.ts';
import { PublishedMessages } from './published-messages.ts';
import { loadInstance } from './restoring.ts';
import type { SagaSession } from './session.ts';
import type { SagaTables } from './tables.ts';
import { type HeardOffset, writeBatch, writeDefinitions, writeOffsets } from './writing.ts';

export type LedgerParts = {
  readonly tables: SagaTables;
  /** Its owner is the ledger. */
  readonly session: SagaSession;
  readonly leadership: Leadership;
  readonly log: EventLog;
  /** Of the connector that publishes the messages. */
  readonly slot: string;
  readonly instances: SagaInstances;
  readonly heard: readonly HeardOffset[];
};

const placeOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }) => `${partition} ${topic}`;

/** A saga in tables of PostgreSQL. Each unit is a transaction that begins by finding this leader's epoch in the table of owners (invariant 3). */
export class PostgresSagaLedger implements SagaLedger {
  readonly instances: SagaInstances;
  readonly #parts: LedgerParts;
  readonly #published: PublishedMessages;
  /** How far it has heard, or will have when what is under way is durable. */
  readonly #heard: Map<string, HeardOffset>;
  /** What is durable and not yet shown by the log's group. */
  readonly #unshown = new Map<string, PartitionOffset>();
  #failure: SluiceError | null = null;

  constructor(parts: LedgerParts) {
    [this.#parts, this.instances] = [parts, parts.instances];
    this.#published = new PublishedMessages(parts.tables, parts.leadership.saga, parts.slot);
    this.#heard = new Map(parts.heard.map(heard => [placeOf(heard), heard]));
  }

  async define(current: PinnedDefinition | null, dropped: readonly string[]): Promise<void> {
    const { tables, leadership } = this.#parts;
    await this.#unit('store a definition', client => writeDefinitions(client, tables, leadership.saga, current, dropped));
  }

  /** The offset that is stored here counts, unless the topic was made again since: then the group's. */
  async place(partitions: readonly AssignedPartition[], consumer: LogConsumer): Promise<void> {
    const { tables, leadership } = this.#parts;
    const moved: PartitionOffset[] = [];
    const begun: HeardOffset[] = [];
    for (const { topic, partition, offset, era } of partitions) {
      const heard = this.#heard.get(placeOf({ topic, partition }));
      if (heard === undefined || heard.era !== era) begun.push({ topic, partition, offset, era });
      else if (heard.offset !== offset) moved.push({ topic, partition, offset: heard.offset });
    }
    for (const heard of begun) this.#heard.set(placeOf(heard), heard);
    // So that where it began holds, also where nothing comes before the next start.
    if (begun.length > 0) await this.#unit('store offsets', client => writeOffsets(client, tables, leadership.saga, begun));
    if (moved.length === 0) return;
    await consumer.seek(moved).catch((error: unknown) => {
      // They are another member's by now, which the consumer tells next.
      if (!(error instanceof SluiceError && error.code === 'FENCED')) throw error;
    });
  }

  async append(batch: SagaBatch, next: readonly PartitionOffset[]): Promise<void> {
    const { tables, leadership } = this.#parts;
    const heard = next.map((place): HeardOffset => ({ ...place, era: this.#heard.get(placeOf(place))?.era ?? 0 }));
    for (const place of heard) this.#heard.set(placeOf(place), place);
    await this.#unit('store what was decided', async client => {
      await writeBatch(client, tables, leadership.saga, batch);
      await writeOffsets(client, tables, leadership.saga, heard);
    });
    for (const place of next) this.#unshown.set(placeOf(place), place);
  }

  room(): null {
    return null;
  }

  load({ id }: EndedInstance): Promise<SagaInstance | null> {
    const { tables, leadership, session } = this.#parts;
    const correlationId = id.slice(leadership.saga.length + 1);
    return session.run(`read an instance of saga ${leadership.saga}`, client =>
      loadInstance(client, tables, leadership.saga, correlationId),
    );
  }

  /** The group's offsets follow, so that its lag can be seen; and messages that are published go. */
  async tidy(consumer: LogConsumer): Promise<void> {
    const { session, log } = this.#parts;
    const shown = [...this.#unshown.values()];
    this.#unshown.clear();
    try {
      if (shown.length > 0) await consumer.commit(shown);
    } catch {
      // A rebalance is under way: the offsets that count are those of the tables.
    }
    try {
      if (!(await session.run('look what is published', client => this.#published.look(client)))) return;
      const offsets = await log.connectors.offsets(sagaPublicationName);
      await session.run('delete what is published', client => this.#published.purge(client, offsets));
    } catch {
      // What stays is deleted next time; where the database is away, the next unit says so.
    }
  }

  /** A transaction of the leader. Behind one that failed there is none: what was decided in memory is ahead of what is stored. */
  async #unit(doing: string, action: (client: SqlClient) => Promise<void>): Promise<void> {
    const { tables, leadership, session } = this.#parts;
    try {
      await session.transaction(`${doing} of saga ${leadership.saga}`, fence(tables, leadership), async (client, rows) => {
        if (this.#failure !== null) throw this.#failure;
        if (rows.length === 0) throw fenced(leadership);
        await action(client);
      });
    } catch (error) {
      this.#failure ??= toSluiceError(error);
      throw this.#failure;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.session[Symbol.asyncDispose]();
  }
}
