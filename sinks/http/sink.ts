import { setTimeout as pause } from 'node:timers/promises';
import {
  type CheckResult,
  type Clock,
  type Plugin,
  type PluginContext,
  type Sink,
  type SinkBatch,
  type SinkResult,
  SluiceError,
  toSluiceError,
} from '../../src/contract/index.ts';
import { type HttpSettings, httpSpec } from './options.ts';
import { type Item, itemOf, requestOf, requestsOf } from './requests.ts';

/** Answers that are about the receiver or our login, not about what was sent. */
const aboutUs = new Set([401, 403, 404, 405, 407]);
/** Answers that may be another in a moment. */
const passing = new Set([408, 425, 429]);

/** Sends records to a URL, in order, one request at a time; at least once. */
export class HttpSink implements Sink {
  readonly #settings: HttpSettings;
  readonly #clock: Clock;
  /** The receiver asked for rest until then (Retry-After). */
  #notBeforeMs = 0;

  constructor(settings: HttpSettings, { clock }: PluginContext) {
    this.#settings = settings;
    this.#clock = clock;
  }

  async check(abort: AbortSignal): Promise<readonly CheckResult[]> {
    const subject = this.#target;
    const found = { subject, code: null, option: 'http.url', remedy: null };
    try {
      // HEAD changes nothing at the receiver; what it answers to it says little, but that it answers.
      const { status } = await this.#fetch({ method: 'HEAD', headers: this.#settings.headers }, abort);
      if (status < 500 && status !== 401 && status !== 403) return [{ ...found, status: 'ok', message: `answers (${status} to HEAD)` }];
      return [
        { ...found, status: 'warning', message: `It answered ${status} to HEAD.`, remedy: 'Check the receiver, and http.authorization.' },
      ];
    } catch (thrown) {
      const { code, message, remedy } = toSluiceError(thrown);
      return [{ ...found, status: 'fault', code, message, remedy }];
    }
  }

  async write({ records }: SinkBatch, abort: AbortSignal): Promise<SinkResult> {
    const failed: { index: number; error: SluiceError }[] = [];
    for (const items of requestsOf(records.map(itemOf), this.#settings)) await this.#send(items, failed, abort);
    return { publish: [], failed };
  }

  /** One request. Where the receiver refuses it, its halves, down to the records that it refuses. */
  async #send(items: readonly Item[], failed: { index: number; error: SluiceError }[], abort: AbortSignal): Promise<void> {
    await this.#rest(abort);
    const { body, headers } = requestOf(items, this.#settings);
    const { status, retryAfter } = await this.#fetch({ method: this.#settings.method, body, headers }, abort);
    if (status < 300) return;
    if (status >= 500 || passing.has(status)) {
      this.#notBeforeMs = this.#clock.nowMs() + Math.min(retryAfterMs(retryAfter, this.#clock.nowMs()), this.#settings.retryAfterMsMax);
      throw new SluiceError('TARGET_UNAVAILABLE', `${this.#target} answered ${status}.`);
    }
    if (status < 400 || aboutUs.has(status)) {
      const remedy =
        status < 400
          ? 'Set http.url to where it leads: redirects are not followed.'
          : 'Check http.url, http.authorization and the receiver.';
      throw new SluiceError('TARGET_REFUSED', `${this.#target} answered ${status}.`, { remedy });
    }
    if (items.length > 1) {
      const middle = items.length >> 1;
      await this.#send(items.slice(0, middle), failed, abort);
      await this.#send(items.slice(middle), failed, abort);
      return;
    }
    const [{ index, record }] = items as readonly [Item];
    failed.push({ index, error: new SluiceError('RECORD_REFUSED', `${this.#target} answered ${status} to a record of ${record.topic}.`) });
  }

  async #rest(abort: AbortSignal): Promise<void> {
    const leftMs = this.#notBeforeMs - this.#clock.nowMs();
    if (leftMs <= 0) return;
    await pause(leftMs, undefined, { signal: abort }).catch(() => {
      throw new SluiceError('TARGET_UNAVAILABLE', `The task was stopped while ${this.#target} wanted rest.`);
    });
  }

  async #fetch(init: RequestInit, abort: AbortSignal): Promise<{ readonly status: number; readonly retryAfter: string | null }> {
    const { url, timeoutMs } = this.#settings;
    try {
      const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.any([abort, AbortSignal.timeout(timeoutMs)]) });
      // What is not read keeps the connection from being used again.
      await response.arrayBuffer();
      return { status: response.status, retryAfter: response.headers.get('retry-after') };
    } catch (error) {
      const cause = (error as Error).cause;
      const reason = cause instanceof Error ? cause.message : (error as Error).message;
      throw new SluiceError('TARGET_UNAVAILABLE', `${this.#target} cannot be reached: ${reason}`, { cause: error });
    }
  }

  /** For messages: without the query, which may hold a token. */
  get #target(): string {
    return `${this.#settings.url.origin}${this.#settings.url.pathname}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Retry-After: seconds, or a date. 0 where there is none. */
function retryAfterMs(text: string | null, nowMs: number): number {
  if (text === null) return 0;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - nowMs);
}

/** The sink `http`. */
export const httpSink: Plugin<HttpSettings, HttpSink> = { spec: httpSpec, create: (config, context) => new HttpSink(config, context) };
