import { setTimeout as pause } from 'node:timers/promises';
import { type Consumed, crashPoint, SluiceError } from '../../contract/index.ts';
import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV1,
  addPartitionsToTxnV2,
  addPartitionsToTxnV3,
  type Connection,
  type ConnectionPool,
  endTxnV1,
  endTxnV2,
  endTxnV3,
  endTxnV4,
  FindCoordinatorKeyTypes,
  initProducerIdV1,
  initProducerIdV2,
  initProducerIdV3,
  initProducerIdV4,
  initProducerIdV5,
  txnOffsetCommitV3,
} from './client.ts';
import type { Cluster, RetryOptions } from './cluster.ts';
import { BrokerError, beforeSending, brokerAnswer, isLost, kafkaError, unknownTopic } from './errors.ts';
import { GroupCoordinator } from './group-coordinator.ts';
import { commitConsumed, fenced, isFencedMember, offsetTopics } from './group-offsets.ts';
import { type BatchesByTopic, PartitionSends } from './produce.ts';
import type { ProducerSettings } from './producer-config.ts';
import type { BatchProducer } from './record-batch.ts';

const initProducerId = {
  1: initProducerIdV1.api,
  2: initProducerIdV2.api,
  3: initProducerIdV3.api,
  4: initProducerIdV4.api,
  5: initProducerIdV5.api,
};
// Version 4 and above is for brokers among themselves and needs rights over the cluster (CLUSTER_ACTION), which no client should have.
const addPartitions = { 1: addPartitionsToTxnV1.api, 2: addPartitionsToTxnV2.api, 3: addPartitionsToTxnV3.api };
const addOffsets = { 3: addOffsetsToTxnV3.api };
const commitOffsets = { 3: txnOffsetCommitV3.api };
const endTransaction = { 1: endTxnV1.api, 2: endTxnV2.api, 3: endTxnV3.api, 4: endTxnV4.api };

/** A commit's markers are written after its answer: until then a new transaction is answered CONCURRENT_TRANSACTIONS, for some milliseconds. */
const concurrentBackoffMs = 2;
const concurrentBackoffMsMax = 20;
/** How long a new owner waits for the broker to end its predecessor's transaction. */
const initDeadlineMs = 60_000;
const abortDeadlineMs = 5_000;
/** A take-over that a commit ran into is over by then: its owner asks for its id again within `concurrentBackoffMsMax`. */
const takeOverMs = 500;

/**
 * Sends record batches under one producer id, in transactions where it has a transactional id. Requests go one transaction at a time; the
 * caller sees to that. After any rejection it is not to be used any more: nobody knows what the broker has. Over the client library's
 * connections and requests; its own producer cannot keep EndTxn from being repeated, nor the transaction's time-out apart from a request's.
 */
export class TaskProducer implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #settings: ProducerSettings;
  readonly #transactionalId: string | null;
  readonly #pool: ConnectionPool;
  readonly #sends: PartitionSends;
  #coordinator: number | null = null;
  #producer: BatchProducer | null = null;

  /** `transactionalId` null: idempotent at most, without transactions. */
  constructor(cluster: Cluster, settings: ProducerSettings, transactionalId: string | null) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#transactionalId = transactionalId;
    this.#pool = cluster.newPool(settings.requestsInFlightMax);
    this.#sends = new PartitionSends(cluster, this.#pool, settings, transactionalId);
  }

  /** Fences the former owner of the transactional id and ends what it left open. */
  async initialize(abort: AbortSignal): Promise<void> {
    if (!this.#settings.idempotent) return;
    const id = this.#transactionalId;
    const doing = id === null ? 'become a producer' : `become the owner of transactional id ${id}`;
    // A new owner asks with -1: with another id the broker takes it for the former one and refuses it.
    const { producerId, producerEpoch } = await this.#initProducerId(doing, -1n, -1, abort);
    this.#producer = { id: producerId, epoch: producerEpoch, transactional: id !== null };
  }

  /**
   * Sends the parts one after the other, each once the one before is acknowledged; with a transactional id as one transaction, which is
   * committed at the end. `consumed`, asked for behind the last part, are offsets of groups that become durable with it; rejects FENCED where
   * the group takes them no more.
   */
  async send(
    parts: Iterable<BatchesByTopic> | AsyncIterable<BatchesByTopic>,
    consumed: () => readonly Consumed[] = () => [],
  ): Promise<void> {
    const id = this.#transactionalId;
    if (id === null) {
      for await (const part of parts) await this.#sends.send(part, this.#producer);
      for (const of of consumed()) await commitConsumed(this.#cluster, of);
      return;
    }
    const beganMs = performance.now();
    const added = new Set<string>();
    try {
      for await (const part of parts) {
        await this.#addPartitions(id, part, added);
        crashPoint('kafka-partitions-added');
        await this.#sends.send(part, this.#producer);
      }
      for (const offsets of consumed()) await this.#addConsumed(id, offsets);
      crashPoint('kafka-produced');
      await this.#end(id, true, this.#settings.deliveryTimeoutMs);
      crashPoint('kafka-committed');
    } catch (error) {
      const failure = kafkaError(`write as ${id}`, error);
      const answer = brokerAnswer(error)?.answer;
      const elapsedMs = performance.now() - beganMs;
      // The group has fenced the member, nobody the producer.
      const ofGroup = isFencedMember(error);
      // Brokers have been seen to answer a commit that races with a take-over with UNKNOWN_SERVER_ERROR.
      if (answer === 'UNKNOWN_SERVER_ERROR' || (failure.code === 'FENCED' && !ofGroup && elapsedMs >= this.#settings.transactionTimeoutMs))
        throw await this.#whoseFault(failure, elapsedMs);
      if (failure.code === 'FENCED' && !ofGroup) throw failure;
      // So that readers need not wait for the transaction's time-out; where it fails, or nobody answers, the next owner's start ends it.
      if (!isLost(error)) await this.#end(id, false, abortDeadlineMs).catch(() => {});
      throw failure;
    }
  }

  /**
   * A transaction that outlived its time-out is ended by the broker, which then answers as if somebody else were the owner. Nobody is if
   * it still takes this producer for the last one (KIP-588), and does so again: while a take-over is under way the broker still answers
   * the former owner, and the task would be taken back from its new one.
   */
  async #whoseFault(failure: SluiceError, elapsedMs: number): Promise<SluiceError> {
    const { id, epoch } = this.#initialized();
    const ask = (askedId: bigint, askedEpoch: number) =>
      this.#initProducerId('ask who owns the task', askedId, askedEpoch, new AbortController().signal);
    try {
      const { producerId, producerEpoch } = await ask(id, epoch);
      await pause(takeOverMs);
      await ask(producerId, producerEpoch);
    } catch (error) {
      const answered = kafkaError('ask who owns the task', error);
      return answered.code === 'FENCED' ? answered : failure;
    }
    const limit = `${Math.round(elapsedMs)} ms; transaction.timeout.ms is ${this.#settings.transactionTimeoutMs}`;
    const message = `The broker has ended a transaction of ${this.#transactionalId} after ${limit}. ${failure.message}`;
    return new SluiceError('LOG_UNAVAILABLE', message, { cause: failure });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.closePool(this.#pool);
  }

  /** Offsets of a group as part of the transaction, by the member's generation (KIP-447). Not repeated where an answer got lost, as elsewhere. */
  async #addConsumed(id: string, { group, member, generation, next }: Consumed): Promise<void> {
    const producer = this.#initialized();
    const add = async () => {
      const [version, connection] = await this.#coordination('AddOffsetsToTxn', addOffsets, id);
      return addOffsets[version].async(connection, id, producer.id, producer.epoch, group);
    };
    const doing = `commit offsets of group ${group} in a transaction`;
    const options: RetryOptions = { deadlineMs: this.#settings.deliveryTimeoutMs, repeatLost: false };
    await this.#coordinated(doing, add, options);
    const coordinator = new GroupCoordinator(group);
    const topics = offsetTopics(next);
    const commit = () =>
      coordinator.ask(this.#cluster, this.#pool, 'TxnOffsetCommit', commitOffsets, (api, connection) =>
        api.async(connection, id, group, producer.id, producer.epoch, generation, member, null, topics),
      );
    try {
      await this.#cluster.call(doing, commit, options);
    } catch (error) {
      throw isFencedMember(error) ? fenced(group, error) : error;
    }
  }

  /** Adds the partitions that the transaction does not have yet. */
  async #addPartitions(id: string, batches: BatchesByTopic, added: Set<string>): Promise<void> {
    const producer = this.#initialized();
    const topics: { name: string; partitions: number[] }[] = [];
    for (const [name, byPartition] of batches) {
      const partitions = [...byPartition.keys()].filter(partition => !added.has(`${name}:${partition}`));
      for (const partition of partitions) added.add(`${name}:${partition}`);
      if (partitions.length > 0) topics.push({ name, partitions });
    }
    if (topics.length === 0) return;
    const request = [{ transactionalId: id, producerId: producer.id, producerEpoch: producer.epoch, verifyOnly: false, topics }];
    const add = async () => {
      const [version, connection] = await this.#coordination('AddPartitionsToTxn', addPartitions, id);
      try {
        return await addPartitions[version].async(connection, request);
      } catch (error) {
        // The client does not say which: asking for each does.
        if (unknownTopic.has(brokerAnswer(error)?.answer ?? ''))
          for (const { name } of topics) await beforeSending(this.#cluster.topic(name, true));
        throw error;
      }
    };
    const names = topics.map(topic => topic.name).join(', ');
    // Not repeated where the answer got lost: a late first one would open a transaction that nobody ends.
    await this.#coordinated(`begin a transaction over ${names}`, add, { deadlineMs: this.#settings.deliveryTimeoutMs, repeatLost: false });
  }

  /**
   * Ends the transaction. Where the answer got lost the request is not repeated: the first one may still be on its way and would then
   * end the next transaction of this owner half done.
   */
  async #end(id: string, commit: boolean, deadlineMs: number): Promise<void> {
    const producer = this.#initialized();
    const end = async () => {
      const [version, connection] = await this.#coordination('EndTxn', endTransaction, id);
      const answer = endTransaction[version].async(connection, id, producer.id, producer.epoch, commit);
      if (commit) crashPoint('kafka-commit-asked');
      return answer;
    };
    await this.#coordinated(`${commit ? 'commit' : 'abort'} a transaction of ${id}`, end, { deadlineMs, repeatLost: false });
  }

  async #initProducerId(doing: string, producerId: bigint, epoch: number, abort: AbortSignal) {
    const id = this.#transactionalId;
    const init = async () => {
      const [version, connection] = await this.#coordination('InitProducerId', initProducerId, id);
      return initProducerId[version].async(connection, id, this.#settings.transactionTimeoutMs, producerId, epoch);
    };
    return this.#coordinated(doing, init, { abort, deadlineMs: initDeadlineMs });
  }

  /** The version of a request and the connection to send it over: to the coordinator of the id, or without one to any broker. */
  async #coordination<Apis extends object>(name: string, apis: Apis, id: string | null): Promise<[keyof Apis, Connection]> {
    const known = Object.keys(apis).map(Number);
    const version = (await beforeSending(this.#cluster.version(name, known))) as keyof Apis;
    return [version, await beforeSending(id === null ? this.#anyConnection() : this.#coordinatorConnection(id))];
  }

  async #coordinated<T>(doing: string, operation: () => Promise<T>, options: RetryOptions): Promise<T> {
    const tried = async () => {
      try {
        return await operation();
      } catch (error) {
        if (brokerAnswer(error)?.answer !== 'CONCURRENT_TRANSACTIONS') this.#coordinator = null;
        throw error;
      }
    };
    return this.#cluster.call(doing, tried, { backoffMs: concurrentBackoffMs, backoffMsMax: concurrentBackoffMsMax, ...options });
  }

  async #coordinatorConnection(id: string) {
    if (this.#coordinator === null) {
      const [found] = await this.#cluster.admin.findCoordinator({ keyType: FindCoordinatorKeyTypes.TRANSACTION, keys: [id] });
      if (found === undefined || found.nodeId < 0) throw new BrokerError('COORDINATOR_NOT_AVAILABLE');
      this.#coordinator = found.nodeId;
    }
    return this.#cluster.connectionTo(this.#pool, this.#coordinator);
  }

  async #anyConnection() {
    const { brokers } = await this.#cluster.admin.metadata({ topics: [] });
    const [node] = brokers.keys();
    if (node === undefined) throw new BrokerError('COORDINATOR_NOT_AVAILABLE');
    return this.#cluster.connectionTo(this.#pool, node);
  }

  #initialized(): BatchProducer {
    if (this.#producer === null) throw kafkaError('begin a transaction', new Error('The producer has no id yet.'), 'INTERNAL');
    return this.#producer;
  }
}
