import type { Client } from '@elastic/elasticsearch';
import {
  type CheckResult,
  type Logger,
  type PartitionOffset,
  type Sink,
  type SinkAssignment,
  type SinkBatch,
  type SinkResult,
  SluiceError,
  type TopicPartition,
  toSluiceError,
} from '../../src/contract/index.ts';
import { type Failures, inSequence, planBatch, recordRefused } from './batch-plan.ts';
import { checkTarget } from './check.ts';
import { openClient } from './connection.ts';
import { DocumentWriter } from './document-writer.ts';
import { Generations } from './generations.ts';
import { JsonText } from './json-text.ts';
import type { Operation } from './operation.ts';
import { Planner } from './planner.ts';
import type { ElasticsearchConfig } from './settings.ts';
import { StateIndex } from './state-index.ts';
import { type Cause, refusalText } from './target-error.ts';

/** One task that keeps indices of Elasticsearch in step with the log. */
export class ElasticsearchSink implements Sink {
  readonly holdsState: boolean;
  readonly #config: ElasticsearchConfig;
  readonly #logger: Logger;
  readonly #client: Client;
  readonly #planner: Planner;
  readonly #writer: DocumentWriter;
  /** Null where indices have no aliases of ours. */
  readonly #generations: Generations | null;

  constructor(config: ElasticsearchConfig, logger: Logger, nowMs: () => number) {
    this.#config = config;
    // Where each record is a document of its own, none is the latest of a key.
    this.holdsState = !config.documents.keyIgnored('') && config.topics.every(topic => !config.documents.keyIgnored(topic));
    this.#logger = logger;
    this.#client = openClient(config.connection, config.writing.inFlightMax);
    const json = new JsonText(config.documents.compactMaps);
    const state = new StateIndex(this.#client, config.indices.stateIndex);
    this.#planner = new Planner(config.documents, config.indices, json);
    this.#writer = new DocumentWriter(this.#client, config, state, json, logger, nowMs);
    const { generation, naming } = config.indices;
    this.#generations =
      generation === null ? null : new Generations(this.#client, state, this.#writer.bulk, { generation, naming }, logger);
  }

  check(abort: AbortSignal): Promise<readonly CheckResult[]> {
    return checkTarget(this.#client, this.#config, abort);
  }

  async assign(assignment: SinkAssignment, abort: AbortSignal): Promise<readonly PartitionOffset[]> {
    this.#planner.assigned(assignment.partitions);
    this.#writer.reassigned();
    return (await this.#generations?.assign(assignment.partitions, abort)) ?? [];
  }

  async forgetOffsets(_group: string, partitions: readonly TopicPartition[] | null, abort: AbortSignal): Promise<void> {
    await this.#generations?.forget(partitions, abort);
  }

  async write(batch: SinkBatch, abort: AbortSignal): Promise<SinkResult> {
    const signal = AbortSignal.any([abort, AbortSignal.timeout(this.#config.writing.batchMsMax)]);
    try {
      const { last, truncations, invalid } = planBatch(batch, this.#planner);
      // First: what of the batch is older is then known to be gone, and not written.
      for (const truncation of truncations) await this.#writer.truncate(truncation, signal);
      const refused = new Map<number, Cause>();
      if (this.#config.documents.method === 'insert') await this.#writeLast(last, batch, refused, signal);
      else for (const wave of inSequence(last)) await this.#writeWave(wave, batch, refused, signal);
      await this.#generations?.written(last, batch, signal);
      return { publish: [], failed: this.#failed(batch, invalid, refused) };
    } catch (error) {
      this.#writer.doubt();
      if (signal.aborted && !(error instanceof SluiceError && error.retry === 'never')) throw this.#stopped(abort, error);
      throw toSluiceError(error);
    }
  }

  /** Of each document its last state alone; where that is refused, the one before it, which is good for all we know. */
  async #writeLast(last: readonly Operation[], batch: SinkBatch, refused: Map<number, Cause>, signal: AbortSignal): Promise<void> {
    for (let wave = last; wave.length > 0; ) {
      const before = await this.#writeWave(wave, batch, refused, signal);
      wave = before.flatMap(({ earlier }) => (earlier === null ? [] : [earlier]));
    }
  }

  /** Gives the operations that were refused. */
  async #writeWave(
    wave: readonly Operation[],
    batch: SinkBatch,
    refused: Map<number, Cause>,
    signal: AbortSignal,
  ): Promise<readonly Operation[]> {
    const outcomes = await this.#writer.write(wave, batch, signal);
    return wave.filter(operation => {
      const cause = outcomes.get(operation) ?? null;
      if (cause !== null) refused.set(operation.index, cause);
      return cause !== null;
    });
  }

  #failed({ records }: SinkBatch, invalid: Failures, refused: ReadonlyMap<number, Cause>): SinkResult['failed'] {
    const { dropInvalid, onMalformed } = this.#config.documents;
    const failed: { index: number; error: SluiceError }[] = [];
    if (dropInvalid && invalid.size > 0)
      this.#dropped('warn', invalid.size, 'no document can be made', invalid.values().next().value?.message);
    else for (const [index, error] of invalid) failed.push({ index, error });
    if (onMalformed === 'fail')
      for (const [index, cause] of refused) {
        const text = `Elasticsearch refuses its document: ${refusalText(cause)}`;
        failed.push({ index, error: recordRefused(records[index]!.place, text) });
      }
    else if (refused.size > 0)
      this.#dropped(onMalformed, refused.size, 'Elasticsearch refuses the document', refusalText(refused.values().next().value!));
    return failed.sort((a, b) => a.index - b.index);
  }

  /** The configured rule that drops records says how many (invariant 5). */
  #dropped(rule: 'warn' | 'ignore', records: number, why: string, first: string | undefined): void {
    const message = `${records} records were dropped because ${why}; the first: ${first}`;
    if (rule === 'warn') this.#logger.warn({ records }, message);
    else this.#logger.debug({ records }, message);
  }

  #stopped(abort: AbortSignal, cause: unknown): SluiceError {
    if (abort.aborted) return new SluiceError('TARGET_UNAVAILABLE', 'The write was stopped before it was durable.', { cause });
    return new SluiceError('TARGET_UNAVAILABLE', `A batch was not durable within ${this.#config.writing.batchMsMax} ms.`, {
      cause,
      remedy: 'Raise flush.timeout.ms, or hand over smaller batches; the batch comes again by itself.',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}
