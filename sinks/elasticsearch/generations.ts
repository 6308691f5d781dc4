import { type Client, errors } from '@elastic/elasticsearch';
import {
  eraOf,
  type Logger,
  type PartitionOffset,
  type SinkAssignment,
  type SinkBatch,
  SluiceError,
  type TopicPartition,
} from '../../src/contract/index.ts';
import type { BulkItem, BulkWriter } from './bulk-writer.ts';
import type { IndexNaming } from './index-name.ts';
import type { Operation } from './operation.ts';
import { indexOfGeneration } from './planner.ts';
import type { StateEntry, StateIndex } from './state-index.ts';
import { targetError } from './target-error.ts';

/** What the sink writes: one generation of the indices that are named so. */
type Building = { readonly generation: number; readonly naming: IndexNaming };

/** In place of a position's offset: where the group's offset is. */
const whereTheGroupIs = 'group';

/** How an alias stands to the index we write. */
type Standing = 'serving' | 'building' | 'retired';

/**
 * Indices behind aliases, so that one can be built anew while the one before it is searched. A generation that has not been begun is built
 * from the log's start, and goes on after a restart where it was, whatever the group's offset says: that is of the generation before it. How
 * far it is stands in the state index, with every batch; once an alias's new index holds all that the one before it has been told to hold, the
 * alias moves to it in one step.
 */
export class Generations {
  readonly #client: Client;
  readonly #state: StateIndex;
  readonly #bulk: BulkWriter;
  readonly #building: Building;
  readonly #logger: Logger;
  readonly #standings = new Map<string, Standing>();

  constructor(client: Client, state: StateIndex, bulk: BulkWriter, building: Building, logger: Logger) {
    this.#client = client;
    this.#state = state;
    this.#bulk = bulk;
    this.#building = building;
    this.#logger = logger;
  }

  /** Partitions of what is being built go on where that is; those of what is searched already, where the group's offset is. */
  async assign(partitions: SinkAssignment['partitions'], signal: AbortSignal): Promise<readonly PartitionOffset[]> {
    this.#standings.clear();
    const building: (TopicPartition & { readonly era: number })[] = [];
    for (const partition of partitions) if (!(await this.#serves(partition.topic, signal))) building.push(partition);
    const entries = await this.#state.get(
      building.map(partition => this.#positionId(partition)),
      signal,
    );
    return building.flatMap(({ topic, partition, era }, index) => {
      const entry = entries[index];
      if (entry?.['offset'] === whereTheGroupIs) return [];
      const known = entry !== undefined && eraOf(versionOf(entry)) === era;
      return [{ topic, partition, offset: known ? BigInt(entry['offset'] ?? 0) : 0n }];
    });
  }

  /** What is being built goes on where the group's offsets are, of these partitions (null: of all), since those have been set from outside. */
  async forget(partitions: readonly TopicPartition[] | null, signal: AbortSignal): Promise<void> {
    if (partitions === null) await this.#state.refresh(signal);
    const begun = `${this.#positionPrefix} `;
    const ids =
      partitions?.map(partition => this.#positionId(partition)) ??
      (await this.#state.ids('position', signal)).filter(id => id.startsWith(begun));
    if (ids.length === 0) return;
    await this.#state.ensure(signal);
    const entries = await this.#state.get(ids, signal);
    const marks = ids.map((id, index) => {
      const entry = entries[index];
      const version = entry === undefined ? 0n : versionOf(entry) + 1n;
      return { lines: this.#state.lines(id, 'position', version, { offset: whereTheGroupIs }), versioned: true };
    });
    await this.#bulk.write(marks, signal);
  }

  /** Whether a topic's rows are searched in the index we write. Where names come from rows, nobody knows before those come. */
  async #serves(topic: string, signal: AbortSignal): Promise<boolean> {
    const { naming, generation } = this.#building;
    if (!naming.byTopicOnly) return false;
    const alias = naming.pattern(topic);
    return (await this.#behind(alias, signal)).includes(indexOfGeneration(alias, generation));
  }

  /** A batch is durable: says so, and moves the aliases whose indices hold all by now. */
  async written(operations: readonly Operation[], batch: SinkBatch, signal: AbortSignal): Promise<void> {
    // A replay goes over parts of the log: it says nothing of how far the index is.
    if (batch.mode === 'replay' || batch.records.length === 0) return;
    await this.#state.ensure(signal);
    await this.#bulk.write([...this.#positions(batch), ...this.#progress(operations)], signal);
    for (const alias of new Set(operations.map(({ name }) => name))) await this.#settle(alias, signal);
  }

  /** Where each partition of the batch goes on. */
  #positions({ records }: SinkBatch): readonly BulkItem[] {
    // Each partition's are in order: the last one counts.
    const last = new Map(records.map(record => [this.#positionId(record.place), record]));
    return [...last].map(([id, { place, version }]) => {
      const entry = { offset: String(place.offset + 1n) };
      return { lines: this.#state.lines(id, 'position', version, entry), versioned: true };
    });
  }

  get #positionPrefix(): string {
    return `position ${this.#building.naming.text} ${this.#building.generation}`;
  }

  #positionId({ topic, partition }: TopicPartition): string {
    return `${this.#positionPrefix} ${topic}/${partition}`;
  }

  /** Up to where each alias's index holds each partition, of this batch's. */
  #progress(operations: readonly Operation[]): readonly BulkItem[] {
    const newest = new Map<string, Operation>();
    for (const operation of operations) {
      const { topic, partition } = operation.record.place;
      const id = `progress ${operation.target} ${topic}/${partition}`;
      const known = newest.get(id);
      if (known === undefined || known.record.version < operation.record.version) newest.set(id, operation);
    }
    return [...newest].map(
      ([
        id,
        {
          target,
          record: { place, version },
        },
      ]) => {
        const entry = { partition: `${place.topic}/${place.partition}` };
        return { lines: this.#state.lines(id, `progress ${target}`, version, entry), versioned: true };
      },
    );
  }

  async #settle(alias: string, signal: AbortSignal): Promise<void> {
    const standing = this.#standings.get(alias) ?? 'building';
    if (standing !== 'building') return;
    const mine = indexOfGeneration(alias, this.#building.generation);
    const current = await this.#behind(alias, signal);
    this.#standings.set(alias, await this.#decide(alias, mine, current, signal));
  }

  async #decide(alias: string, mine: string, current: readonly string[], signal: AbortSignal): Promise<Standing> {
    if (current.includes(mine)) return 'serving';
    const [other] = current;
    if (other === undefined) {
      await this.#point(alias, mine, [], signal);
      return 'serving';
    }
    const generation = generationOf(alias, other);
    if (current.length > 1 || generation === null) {
      this.#logger.warn(
        { alias },
        `The alias ${alias} names ${current.join(', ')}, which this sink did not make: move it to ${mine} by hand.`,
      );
      return 'retired';
    }
    if (generation > this.#building.generation) {
      this.#logger.warn({ alias }, `The alias ${alias} serves ${other}, which is newer than ${mine}: it stays there.`);
      return 'retired';
    }
    if (!(await this.#holdsAll(mine, other, signal))) return 'building';
    await this.#point(alias, mine, [other], signal);
    return 'serving';
  }

  /** Whether `mine` has been written as far as `other`, in every partition of which `other` has anything. */
  async #holdsAll(mine: string, other: string, signal: AbortSignal): Promise<boolean> {
    await this.#state.refresh(signal);
    const [theirs, ours] = [await this.#state.all(`progress ${other}`, signal), await this.#state.all(`progress ${mine}`, signal)];
    const reached = new Map(ours.map(entry => [entry['partition'], versionOf(entry)]));
    return theirs.every(entry => (reached.get(entry['partition']) ?? -1n) >= versionOf(entry));
  }

  /** The indices behind an alias. */
  async #behind(alias: string, signal: AbortSignal): Promise<readonly string[]> {
    try {
      const request = { method: 'GET', path: `/_alias/${encodeURIComponent(alias)}` };
      const answer = await this.#client.transport.request<Readonly<Record<string, unknown>>>(request, { signal });
      return Object.keys(answer);
    } catch (error) {
      if (error instanceof errors.ResponseError && error.statusCode === 404) return [];
      throw targetError(error, `Reading the alias ${alias}`, true);
    }
  }

  /** Moves an alias in one step: whoever searches it sees the one index or the other. */
  async #point(alias: string, mine: string, from: readonly string[], signal: AbortSignal): Promise<void> {
    const removed = from.map(index => ({ remove: { index, alias, must_exist: true } }));
    const actions = [...removed, { add: { index: mine, alias } }];
    try {
      await this.#client.transport.request({ method: 'POST', path: '/_aliases', body: { actions } }, { signal });
    } catch (error) {
      // Another task has moved it meanwhile.
      if ((await this.#behind(alias, signal)).includes(mine)) return;
      const failure = targetError(error, `Moving the alias ${alias} to ${mine}`, true);
      if (failure.retry !== 'never') throw failure;
      throw new SluiceError(failure.code, failure.message, {
        cause: failure,
        remedy: `An index of the name ${alias} keeps an alias from having it: delete or rename it, or choose another index.name.`,
      });
    }
    const retired = from.length === 0 ? '' : `; ${from.join(', ')} is no longer searched by it, and may be deleted`;
    this.#logger.info({ alias, index: mine }, `The alias ${alias} now names ${mine}${retired}`);
  }
}

function versionOf(entry: StateEntry): bigint {
  return BigInt(entry['version'] ?? -1);
}

/** Which generation of an alias an index is; null where it is none. */
function generationOf(alias: string, index: string): number | null {
  const start = indexOfGeneration(alias, 0).slice(0, -1);
  const number = index.startsWith(start) ? index.slice(start.length) : '';
  return /^\d+$/.test(number) ? Number(number) : null;
}
