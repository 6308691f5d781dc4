import {
  type CheckResult,
  type PartitionOffset,
  type PluginContext,
  type Sink,
  type SinkAssignment,
  type SinkBatch,
  type SinkResult,
  SluiceError,
  type TopicPartition,
  toSluiceError,
} from '../../src/contract/index.ts';
import { MarkerRetention } from '../sql/marker-retention.ts';
import { targetError } from '../sql/target-errors.ts';
import { describeTarget } from '../sql/target-url.ts';
import { ChangedRows } from './changed-rows.ts';
import { type DefinitionFault, type Definitions, placed } from './definition.ts';
import type { ViewsConfig } from './options.ts';
import { readDefinitions } from './read-definitions.ts';
import { fine, type IndexedChange, type Verification, type ViewStore } from './store.ts';
import { viewStore } from './view-store.ts';
import { viewsFile, viewsOf, viewsText } from './views-file.ts';

/** Keeps materialized views: reads records into changes of base rows, and hands them to the store with the offsets. */
export class ViewsSink implements Sink {
  readonly holdsState = true;
  readonly #config: ViewsConfig;
  readonly #context: PluginContext;
  readonly #store: ViewStore;
  readonly #markers: MarkerRetention;
  #definitions: Definitions | null = null;
  #byTopic: ReadonlyMap<string, ChangedRows> = new Map();
  readonly #unknownTopics = new Set<string>();
  /** Whether it is the task that has the partitions; a replay's sink never has any. */
  #assigned = false;

  constructor(config: ViewsConfig, context: PluginContext) {
    this.#config = config;
    this.#context = context;
    this.#store = viewStore(config, context);
    this.#markers = new MarkerRetention(config.markerRetentionMs, () => context.clock.nowMs(), context.logger);
  }

  async check(abort: AbortSignal): Promise<readonly CheckResult[]> {
    let text: string;
    try {
      text = await viewsText(this.#config);
    } catch (error) {
      return [fault(toSluiceError(error), 'views', 'views')];
    }
    const { definitions, faults } = readDefinitions(text, viewsFile(this.#config));
    if (definitions === null) return faults.map(found => this.#finding(found));
    try {
      const found = [...faults, ...(await this.#store.check(definitions, abort))];
      if (found.some(({ warning }) => !warning)) return found.map(each => this.#finding(each));
      const names = definitions.views.map(({ name }) => name).join(', ');
      return [
        fine(describeTarget(this.#config.address), 'can be reached, and tables can be made'),
        fine('views', `${names === '' ? 'no view' : names}: each key is reached from its topics`),
        ...found.map(each => this.#finding(each)),
      ];
    } catch (error) {
      return [fault(targetError(error, 'Checking the views'), describeTarget(this.#config.address), 'connection.url')];
    }
  }

  async assign(assignment: SinkAssignment, abort: AbortSignal): Promise<readonly PartitionOffset[]> {
    const definitions = await this.#read();
    this.#assigned = true;
    return this.#store.assign(definitions, assignment, abort);
  }

  forgetOffsets(group: string, partitions: readonly TopicPartition[] | null, abort: AbortSignal): Promise<void> {
    return this.#store.forgetOffsets(group, partitions, abort);
  }

  async write({ records, consumed, mode }: SinkBatch, abort: AbortSignal): Promise<SinkResult> {
    const definitions = await this.#read();
    if (mode === 'replay' && !this.#assigned) await this.#store.joinBeside(definitions, abort);
    const failed: { index: number; error: SluiceError }[] = [];
    const changes: IndexedChange[] = [];
    for (const [index, record] of records.entries()) {
      const rows = this.#byTopic.get(record.topic);
      if (rows === undefined) {
        this.#passOver(record.topic);
        continue;
      }
      try {
        const change = rows.read(record);
        if (change !== null) changes.push({ index, table: rows.table.name, change });
      } catch (error) {
        failed.push({ index, error: toSluiceError(error) });
      }
    }
    for (const { item, error } of await this.#store.apply(changes, consumed, abort)) failed.push({ index: item.index, error });
    // A replay's sink beside the live flow leaves that to it.
    if (consumed !== null) await this.#markers.prune((beforeMs, max) => this.#store.prune(beforeMs, max, abort));
    return { publish: [], failed: failed.sort((a, b) => a.index - b.index) };
  }

  /** Compares views (all, where none is named) to their selects. Throws NOT_FOUND for one that the file has not. */
  async verify(names: readonly string[], abort: AbortSignal): Promise<readonly Verification[]> {
    const definitions = await this.#read();
    const known = definitions.views.map(({ name }) => name);
    const unknown = names.find(name => !known.includes(name));
    if (unknown !== undefined) throw new SluiceError('NOT_FOUND', `There is no view ${unknown}; there are ${known.join(', ')}.`);
    return this.#store.verify(definitions, names.length === 0 ? known : names, abort);
  }

  #passOver(topic: string): void {
    if (this.#unknownTopics.has(topic)) return;
    this.#unknownTopics.add(topic);
    this.#context.logger.warn({ topic }, `No table of the views has the topic ${topic}: its records are passed over.`);
  }

  async #read(): Promise<Definitions> {
    if (this.#definitions) return this.#definitions;
    const definitions = await viewsOf(this.#config);
    this.#byTopic = new Map(definitions.tables.map(table => [table.topic, new ChangedRows(table, this.#config.unavailable)]));
    this.#definitions = definitions;
    return definitions;
  }

  #finding(found: DefinitionFault): CheckResult {
    return {
      subject: 'views',
      status: found.warning ? 'warning' : 'fault',
      code: found.warning ? null : 'CONFIG_INVALID',
      option: 'views',
      message: placed(viewsFile(this.#config), found),
      remedy: 'Correct the file at that place.',
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }
}

function fault({ code, message, remedy }: SluiceError, subject: string, option: string): CheckResult {
  return { subject, status: 'fault', code, option, message, remedy };
}
