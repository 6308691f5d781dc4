import { resolve } from 'node:path';
import {
  type CheckResult,
  type ConnectRecord,
  type PartitionOffset,
  type PluginContext,
  type Sink,
  type SinkBatch,
  type SinkRecord,
  type SinkResult,
  SluiceError,
} from '../../src/contract/index.ts';
import { eventOf } from './change-events.ts';
import { checkHandler } from './check.ts';
import { type EventSurroundings, runEvent } from './event-run.ts';
import { runLanes } from './lanes.ts';
import { type LoadedHandler, loadHandler } from './module.ts';
import { OnceMemory } from './once-memory.ts';
import type { HandlerConfig } from './options.ts';
import { lanesOf } from './record-lanes.ts';
import { Tombstones } from './tombstones.ts';

/** What became of one record. */
type Outcome = { readonly publish: readonly ConnectRecord[] } | { readonly error: SluiceError };

const nothing: Outcome = { publish: [] };

/** What is made once the module is loaded. */
type Loaded = { readonly handler: LoadedHandler; readonly surroundings: EventSurroundings };

/**
 * Calls the functions of a module. It keeps no state of the rows: an event that comes again is handled again, at least once. What was handled
 * before one of a batch had to be put off is remembered until the batch has gone well, and not handled again with it.
 */
export class HandlerSink implements Sink {
  readonly publishes = true;
  readonly #config: HandlerConfig;
  readonly #context: PluginContext;
  readonly #tombstones: Tombstones;
  #loaded: Promise<Loaded> | null = null;
  #once: OnceMemory | null = null;
  /** Of the batch that comes again; never more than its records. */
  #outcomes = new Map<string, Outcome>();

  constructor(config: HandlerConfig, context: PluginContext) {
    this.#config = config;
    this.#context = context;
    this.#tombstones = new Tombstones(config['handler.tombstones']);
  }

  check(): Promise<readonly CheckResult[]> {
    return checkHandler(this.#config);
  }

  async assign(): Promise<readonly PartitionOffset[]> {
    this.#outcomes.clear();
    return []; // everywhere where the group's offset is
  }

  async write({ records, mode }: SinkBatch, abort: AbortSignal): Promise<SinkResult> {
    this.#loaded ??= this.#load();
    const loaded = await this.#loaded.catch(error => {
      this.#loaded = null;
      throw error;
    });
    this.#tombstones.learn(records);
    const replayed = mode === 'replay';
    const handle = async (record: SinkRecord) => {
      const place = placeText(record, mode);
      this.#outcomes.set(place, this.#outcomes.get(place) ?? (await this.#handle(record, replayed, loaded, abort)));
    };
    await runLanes(lanesOf(records), this.#config['handler.concurrency'], handle);
    const outcomes = this.#outcomes;
    this.#outcomes = new Map();
    const [publish, failed]: [ConnectRecord[], { index: number; error: SluiceError }[]] = [[], []];
    for (const [index, record] of records.entries()) {
      const outcome = outcomes.get(placeText(record, mode))!;
      if ('error' in outcome) failed.push({ index, error: outcome.error });
      else publish.push(...outcome.publish);
    }
    return { publish, failed };
  }

  async #handle(record: SinkRecord, replayed: boolean, { handler, surroundings }: Loaded, abort: AbortSignal): Promise<Outcome> {
    try {
      const dispatch = eventOf(record, replayed, this.#config['unavailable.value.placeholder'], this.#tombstones);
      if (dispatch === null) return nothing;
      const functions = handler.get(record.topic);
      if (functions) return { publish: await runEvent(functions, dispatch, surroundings, abort) };
      throw new SluiceError('RECORD_REFUSED', `${this.#config['handler.module']} has no functions for topic '${record.topic}'.`, {
        remedy: `Add '${record.topic}' to the default export ({} where nothing need be done), or take it out of what the connector reads.`,
      });
    } catch (error) {
      if (error instanceof SluiceError && error.retry === 'record') return { error };
      throw error;
    }
  }

  async #load(): Promise<Loaded> {
    const { connector, task, logger, clock } = this.#context;
    const config = this.#config;
    const handler = await loadHandler(config['handler.module']);
    this.#once ??= new OnceMemory({
      file: config['handler.once.file'],
      connector,
      retentionMs: config['handler.once.retention.ms'],
      nowMs: () => clock.nowMs(),
    });
    const surroundings: EventSurroundings = {
      connector,
      task,
      config: config.moduleConfig,
      logger,
      once: this.#once,
      module: resolve(config['handler.module']),
      timeoutMs: config['handler.timeout.ms'],
      includeMessages: config['handler.errors.include.messages'],
    };
    return { handler, surroundings };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#once?.[Symbol.dispose]();
    this.#once = null;
  }
}

function placeText({ place, version }: SinkRecord, mode: string): string {
  return `${mode} ${place.topic} ${place.partition} ${place.offset} ${version}`;
}
