import { type EventLog, type FieldRules, type Look, readChange, SluiceError } from '../../contract/index.ts';
import { haveReached } from '../position-order.ts';
import type { Pause } from '../supervisor/supervisor-back-off.ts';
import { logKey, type PublishedRow, type RecordPath } from './record-path.ts';
import { everyField, recordDigest } from './row-digest.ts';
import { idsAtOnce, type VerificationTarget } from './target.ts';
import { type Places, readTopics } from './topic-reading.ts';

/** The most keys of one table: they are held in memory, some 200 bytes each. */
const keysMax = 2_000_000;
const lookMs = 50;

/** What the log said last of a key. `unknown`: a row of which the database had not sent every column. */
type Latest = { readonly digest: string | 'unknown' };

export type LogTargetParts = {
  readonly log: EventLog;
  readonly source: string;
  readonly path: RecordPath;
  readonly unavailable: string | undefined;
  readonly pause: Pause;
  readonly nowMs: () => number;
  /** How long the source may take to come to a position. */
  readonly passedMsMax: number;
};

/** The log's own latest state: of each key what its last record says. */
export class LogTarget implements VerificationTarget {
  readonly #parts: LogTargetParts;
  #topics: readonly string[] = [];
  #rules: FieldRules = everyField;
  #latest = new Map<string, Latest>();
  #read: Places | null = null;

  constructor(parts: LogTargetParts) {
    this.#parts = parts;
  }

  require(repair: boolean): void {
    if (repair) throw notRepaired();
  }

  takes(): boolean {
    return true;
  }

  async begin(topics: readonly string[], rules: FieldRules, abort: AbortSignal): Promise<void> {
    [this.#topics, this.#rules, this.#latest, this.#read] = [topics, rules, new Map(), null];
    await this.#follow(abort);
  }

  async look(rows: readonly PublishedRow[]): Promise<readonly Look[]> {
    return rows.map(({ log }) => {
      const [id, expected] = [logKey(log), this.#digestOf(log)];
      const held = this.#latest.get(id)?.digest ?? null;
      const place = { container: log.topic, id, held };
      if (held === 'unknown') return { ...place, state: expected === null ? 'different' : 'same' };
      if (held === expected) return { ...place, state: 'same' };
      return { ...place, state: held === null ? 'missing' : 'different' };
    });
  }

  async passed(position: string, abort: AbortSignal): Promise<void> {
    const { log, source, pause, nowMs, passedMsMax } = this.#parts;
    const deadlineMs = nowMs() + passedMsMax;
    for (;;) {
      abort.throwIfAborted();
      if (haveReached(await log.connectors.offsets(source), position)) break;
      if (nowMs() >= deadlineMs)
        throw new SluiceError('UNAVAILABLE', `The source ${source} is not past ${position} after ${passedMsMax} ms: does it run?`);
      await pause(lookMs, abort);
    }
    await this.#follow(abort);
  }

  async *ids(container: string): AsyncGenerator<readonly string[]> {
    let ids: string[] = [];
    for (const id of this.#latest.keys()) {
      if (!id.startsWith(`${container}/`)) continue;
      ids.push(id);
      if (ids.length < idsAtOnce) continue;
      yield ids;
      ids = [];
    }
    yield ids;
  }

  async held(_container: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map(
      ids.flatMap(id => {
        const latest = this.#latest.get(id);
        return latest === undefined ? [] : [[id, latest.digest] as const];
      }),
    );
  }

  async otherFeeders(): Promise<readonly string[]> {
    return [];
  }

  async containerOf(topic: string): Promise<string> {
    return topic;
  }

  async resend(): Promise<never> {
    throw notRepaired();
  }

  async force(): Promise<null> {
    return null;
  }

  async derived(): Promise<readonly never[]> {
    return [];
  }

  async remove(): Promise<never> {
    throw notRepaired();
  }

  async #follow(abort: AbortSignal): Promise<void> {
    this.#read = await readTopics(
      this.#parts.log,
      this.#topics,
      this.#read,
      records => {
        for (const record of records) {
          if (record.key === null) {
            this.#emptied(record);
            continue;
          }
          const digest = this.#digestOf(record);
          if (digest === null) this.#latest.delete(logKey(record));
          else this.#latest.set(logKey(record), { digest });
        }
        if (this.#latest.size > keysMax)
          throw new SluiceError(
            'BAD_REQUEST',
            `The topics ${this.#topics.join(', ')} hold more than ${keysMax} keys, which is more than is compared to the log at once.`,
          );
      },
      abort,
    );
  }

  /** A table that was truncated has no rows from then on. */
  #emptied(record: PublishedRow['log']): void {
    if (record.value === null || readChange(this.#parts.path.asPublished(record)).kind !== 'truncate') return;
    for (const id of this.#latest.keys()) if (id.startsWith(`${record.topic}/`)) this.#latest.delete(id);
  }

  #digestOf(record: PublishedRow['log']): string | null {
    const published = this.#parts.path.asPublished(record);
    const change = readChange(published, this.#parts.unavailable);
    if (change.kind === 'upsert' && change.missing.length > 0) return 'unknown';
    return recordDigest(published, this.#rules, change);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#latest = new Map();
  }
}

function notRepaired(): SluiceError {
  return new SluiceError('BAD_REQUEST', 'The log is not repaired: what it lacks comes with a new snapshot of the tables concerned.');
}
