import { setTimeout as delay } from 'node:timers/promises';
import { type Client, errors } from '@elastic/elasticsearch';
import { SluiceError } from '../../src/contract/index.ts';
import type { WritingSettings } from './settings.ts';
import { type Cause, causeOf, isPassing, targetError } from './target-error.ts';

/** One action of a bulk request. */
export type BulkItem = {
  /** The action's line and, unless it deletes, the document's, each ended by a line feed. */
  readonly lines: string;
  /** Written at a version of its own: a conflict then says that what is there is as new or newer, and all is well. */
  readonly versioned: boolean;
};

/** Hears of an item that was written at a version and met a greater one, by the item's index, with that version. */
export type OnNewer = (index: number, version: bigint) => void;

/** What became of an item: null where it is durable, or was superseded already; otherwise why it was refused for good. */
export type Outcome = Cause | null;

type Answer = { readonly errors: boolean; readonly items: readonly Readonly<Record<string, ItemAnswer>>[] };
type ItemAnswer = { readonly status: number; readonly error?: { readonly type?: string; readonly reason?: string } };
type Request = { readonly items: readonly BulkItem[]; readonly first: number };

const backoffMsMax = 60_000;
/** Of UTF-8, of each unit of a string. */
const characterBytesMax = 3;
const tooLarge: Cause = { type: 'content_too_long', reason: '' };

/** Sends bulk requests: several at a time, each bounded, again where the server is overloaded. */
export class BulkWriter {
  readonly #client: Client;
  readonly #settings: WritingSettings;

  constructor(client: Client, settings: WritingSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  /**
   * Resolves when every item is durable or refused; they may go out in any order and at the same time, so no two may be of the same
   * document. Throws TARGET_UNAVAILABLE where the server stays away or overloaded, TARGET_REFUSED where it takes nothing from us.
   */
  async write(items: readonly BulkItem[], signal: AbortSignal, onNewer: OnNewer = () => {}): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = new Array<Outcome>(items.length).fill(null);
    const requests = this.#split(items);
    let next = 0;
    const lane = async () => {
      for (let request = requests[next++]; request; request = requests[next++]) await this.#send(request, outcomes, signal, onNewer);
    };
    const lanes = Array.from({ length: Math.min(requests.length, this.#settings.inFlightMax) }, lane);
    // All of them are awaited: nothing of this batch may be on its way when the next one begins.
    for (const lane of await Promise.allSettled(lanes)) if (lane.status === 'rejected') throw lane.reason;
    return outcomes;
  }

  #split(items: readonly BulkItem[]): readonly Request[] {
    const { documentsMax, bytesMax } = this.#settings;
    // Counting its bytes makes a text that was put together whole, for nothing where they cannot be too many.
    const few = items.reduce((sum, { lines }) => sum + lines.length, 0) * characterBytesMax <= bytesMax;
    const requests: Request[] = [];
    let first = 0;
    let bytes = 0;
    for (const [index, { lines }] of items.entries()) {
      const size = few ? 0 : Buffer.byteLength(lines);
      if (index > first && (index - first >= documentsMax || bytes + size > bytesMax)) {
        requests.push({ items: items.slice(first, index), first });
        first = index;
        bytes = 0;
      }
      bytes += size;
    }
    if (first < items.length) requests.push({ items: items.slice(first), first });
    return requests;
  }

  async #send({ items, first }: Request, outcomes: Outcome[], signal: AbortSignal, onNewer: OnNewer): Promise<void> {
    let pending = items.map((_, index) => index);
    for (let attempts = 0; pending.length > 0; attempts++) {
      const sent = pending.map(index => items[index]!);
      let failure: SluiceError;
      try {
        const answer = await this.#request(sent, signal);
        const again = this.#read(
          answer,
          sent,
          pending,
          (index, cause) => {
            outcomes[first + index] = cause;
          },
          (index, version) => onNewer(first + index, version),
        );
        if (again.length === 0) return;
        failure = new SluiceError(
          'TARGET_UNAVAILABLE',
          `The server turned ${again.length} of ${sent.length} documents away: it is overloaded.`,
        );
        pending = again;
      } catch (error) {
        if (error instanceof errors.ResponseError && error.statusCode === 413)
          return this.#halves({ items: sent, first }, pending, outcomes, signal, onNewer);
        failure = targetError(error, 'A bulk request');
      }
      if (failure.retry !== 'backoff' || attempts >= this.#settings.retriesMax || signal.aborted) throw failure;
      const waitMs = Math.min(backoffMsMax, this.#settings.backoffMs * 2 ** attempts);
      await delay(waitMs, undefined, { signal }).catch(() => {
        throw failure;
      });
    }
  }

  /** The server takes no request of this size (http.max_content_length): two smaller ones. */
  async #halves(
    { items, first }: Request,
    indexes: readonly number[],
    outcomes: Outcome[],
    signal: AbortSignal,
    onNewer: OnNewer,
  ): Promise<void> {
    if (items.length === 1) {
      outcomes[first + indexes[0]!] = tooLarge;
      return;
    }
    const middle = Math.ceil(items.length / 2);
    for (const [from, to] of [
      [0, middle],
      [middle, items.length],
    ] as const) {
      const part: Outcome[] = new Array<Outcome>(to - from).fill(null);
      const newer: OnNewer = (index, version) => onNewer(first + indexes[from + index]!, version);
      await this.#send({ items: items.slice(from, to), first: 0 }, part, signal, newer);
      for (const [index, outcome] of part.entries()) outcomes[first + indexes[from + index]!] = outcome;
    }
  }

  #request(items: readonly BulkItem[], signal: AbortSignal): Promise<Answer> {
    let body = '';
    for (const { lines } of items) body += lines;
    const filter = 'errors,items.*.status,items.*.error.type,items.*.error.reason';
    return this.#client.transport.request<Answer>(
      { method: 'POST', path: '/_bulk', querystring: { filter_path: filter }, bulkBody: body },
      { signal },
    );
  }

  /** Notes what was refused, and gives the indexes of what is to be sent again. */
  #read(
    answer: Answer,
    sent: readonly BulkItem[],
    indexes: readonly number[],
    refused: (index: number, cause: Cause) => void,
    onNewer: OnNewer,
  ): number[] {
    if (!answer.errors) return [];
    const again: number[] = [];
    for (const [position, item] of answer.items.entries()) {
      const { status, error } = Object.values(item)[0]!;
      if (error === undefined) continue;
      const cause = causeOf(error);
      const index = indexes[position]!;
      const conflict = status === 409;
      if (conflict && sent[position]!.versioned) {
        const current = /current version \[(\d+)\]/.exec(error.reason ?? '');
        if (current !== null) onNewer(index, BigInt(current[1]!));
        continue;
      }
      if (conflict || isPassing(status, cause.type)) again.push(index);
      else if (status === 401 || status === 403)
        throw new SluiceError('TARGET_REFUSED', `Elasticsearch refuses to write a document: ${cause.type} (status ${status}).`);
      else refused(index, cause);
    }
    return again;
  }
}
