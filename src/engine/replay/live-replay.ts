import { type ConnectorStore, type SluiceError, toSluiceError } from '../../contract/index.ts';
import type { BesideServices } from '../sink/beside-services.ts';
import { ReplayRun } from './replay-run.ts';
import type { StoredReplay } from './replay-state.ts';
import { writeReplay } from './replay-store.ts';
import { type ReplayView, viewOf } from './replay-view.ts';
import type { ReplayWork } from './replay-work.ts';

/** How often a replay stores how far it is. What a killed daemon had sent since then is sent again. */
const savedEveryMs = 2_000;

/** A replay that runs here: one owner, who stops it. It stores how far it is, and how it has ended. */
export class LiveReplay {
  readonly #connector: string;
  readonly #services: BesideServices;
  readonly #run: ReplayRun;
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;
  #replay: StoredReplay;
  #savedMs: number;
  #saving: Promise<void> | null = null;
  /** It was stopped for good, and not only taken from this worker. */
  #stopped = false;

  constructor(work: Omit<ReplayWork, 'replay'>, replay: StoredReplay, onEnd: (live: LiveReplay) => void) {
    this.#connector = work.connector;
    this.#services = work.services;
    this.#replay = replay;
    this.#savedMs = work.services.clock.nowMs();
    this.#run = new ReplayRun({ ...work, replay }, () => this.#progressed());
    this.#done = this.#go().finally(() => onEnd(this));
  }

  get id(): string {
    return this.#replay.id;
  }

  view(): ReplayView {
    return viewOf(this.#connector, this.#replay, this.#replay.outcome === 'RUNNING' ? this.#run : null);
  }

  /** Stops it for good. Resolves when nothing of it is under way any more. */
  async stop(): Promise<ReplayView> {
    this.#stopped = true;
    this.#abort.abort();
    await this.#done;
    return this.view();
  }

  /** Ends what is under way here; it goes on from where it is when the sink runs again, here or elsewhere. */
  async release(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async #go(): Promise<void> {
    const { logger, clock } = this.#services;
    let error: SluiceError | null = null;
    try {
      await this.#run.run(this.#abort.signal);
    } catch (thrown) {
      if (!this.#abort.signal.aborted) error = toSluiceError(thrown);
    }
    await this.#saving;
    const checkpoint = this.#run.checkpoint();
    const completed = error === null && !this.#abort.signal.aborted;
    const outcome = completed ? 'COMPLETED' : error !== null ? 'FAILED' : this.#stopped ? 'STOPPED' : 'RUNNING';
    const ended: StoredReplay = {
      ...this.#replay,
      checkpoint,
      outcome,
      endedMs: outcome === 'RUNNING' ? null : clock.nowMs(),
      error: error === null ? null : { code: error.code, message: error.message, remedy: error.remedy },
    };
    const { records } = checkpoint.counts;
    const fields = { replay: this.id, records };
    if (error !== null)
      logger.error({ ...fields, code: error.code, remedy: error.remedy, err: error }, `The replay has failed: ${error.message}`);
    else if (outcome !== 'RUNNING') logger.info(fields, `The replay has ${outcome === 'COMPLETED' ? 'come to its end' : 'been stopped'}.`);
    // Whoever sees its end may begin the next one: it is stored first.
    await this.#store(ended);
    this.#replay = ended;
  }

  #progressed(): void {
    const nowMs = this.#services.clock.nowMs();
    if (this.#saving !== null || nowMs - this.#savedMs < savedEveryMs) return;
    this.#savedMs = nowMs;
    this.#replay = { ...this.#replay, checkpoint: this.#run.checkpoint() };
    this.#saving = this.#store(this.#replay).finally(() => {
      this.#saving = null;
    });
  }

  /** A log that is away costs no more than a little to be sent again. */
  async #store(replay: StoredReplay): Promise<void> {
    const store: ConnectorStore = this.#services.log.connectors;
    await writeReplay(store, this.#connector, replay).catch((error: unknown) =>
      this.#services.logger.warn(
        { replay: this.id, err: error },
        'How far the replay is could not be stored; after a restart some is sent again.',
      ),
    );
  }
}
