/** Clients that are remembered; of more, those that were not heard of for longest begin anew. */
const clientsMax = 10_000;

type Bucket = { tokens: number; atMs: number };

/**
 * How often each client may do something: a bucket a client, of `burst` tokens, that fills by `perSecond`. Time is an argument, so that tests own
 * it; it never runs backwards here.
 */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  /** In the order in which they were last used. */
  readonly #buckets = new Map<string, Bucket>();

  /** `perSecond` 0: no limit. */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** Takes a token. Answers 0 where there was one, else the whole seconds until there is. */
  take(client: string, nowMs: number): number {
    if (this.#perSecond === 0) return 0;
    const bucket = this.#filled(client, nowMs);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return this.#waitOf(bucket);
  }

  /** As `take`, without taking. */
  wait(client: string, nowMs: number): number {
    if (this.#perSecond === 0 || !this.#buckets.has(client)) return 0;
    const bucket = this.#filled(client, nowMs);
    return bucket.tokens >= 1 ? 0 : this.#waitOf(bucket);
  }

  #waitOf({ tokens }: Bucket): number {
    return Math.max(1, Math.ceil((1 - tokens) / this.#perSecond));
  }

  #filled(client: string, nowMs: number): Bucket {
    const known = this.#buckets.get(client);
    const bucket = known ?? { tokens: this.#burst, atMs: nowMs };
    const passedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (passedMs / 1000) * this.#perSecond);
    bucket.atMs += passedMs;
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > clientsMax) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket;
  }
}
