import type { CryptoKey, FlattenedJWSInput, JSONWebKeySet, JWSHeaderParameters } from 'jose';
import { type Logger, SluiceError } from '../../contract/index.ts';

/** Keys an issuer may have; they are few, the old and the new of each algorithm. */
const keysMax = 100;
/** After an attempt that failed, so that not every request waits for an issuer that is away. */
const retryMs = 5_000;
/** Keys that could not be had again are trusted for so long after they should have been. */
const staleMsMax = 3_600_000;

type Lookup = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

export type SigningKeysSettings = {
  readonly issuer: string;
  readonly cacheMs: number;
  readonly cooldownMs: number;
  /** Has the key set, as the issuer publishes it. Rejects where it cannot be had. */
  readonly fetch: () => Promise<unknown>;
  /** jose's createLocalJWKSet: picks the one key that fits a token's header. */
  readonly lookup: (keys: JSONWebKeySet) => Lookup;
  readonly logger: Logger;
  /** Milliseconds, ever rising. */
  readonly nowMs: () => number;
};

/**
 * An issuer's public keys. They are had anew after `cacheMs`, and, at most once in `cooldownMs`, when a token names one that is not among them:
 * so a new key is known at once and a withdrawn one is forgotten, and forged key ids do not make us a burden to the issuer. An issuer that
 * is away does not lock anybody out for an hour.
 */
export class SigningKeys {
  readonly #settings: SigningKeysSettings;
  #lookup: Lookup | null = null;
  #fetchedMs = 0;
  #attemptedMs = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> | null = null;

  constructor(settings: SigningKeysSettings) {
    this.#settings = settings;
  }

  /** The key of a token. Rejects with jose's errors where none fits, UNAVAILABLE where there are no keys at all. */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const { cacheMs, cooldownMs, nowMs } = this.#settings;
    if (this.#lookup === null || nowMs() - this.#fetchedMs >= cacheMs) await this.#refresh(retryMs);
    const lookup = this.#usable();
    try {
      return await lookup(header, token);
    } catch (error) {
      const unknown = (error as { readonly code?: unknown }).code === 'ERR_JWKS_NO_MATCHING_KEY';
      if (!unknown) throw error;
      await this.#refresh(cooldownMs);
      return this.#usable()(header, token);
    }
  }

  #usable(): Lookup {
    const { issuer, cacheMs, nowMs } = this.#settings;
    if (this.#lookup === null || nowMs() - this.#fetchedMs >= cacheMs + staleMsMax)
      throw new SluiceError('UNAVAILABLE', `The keys of the issuer ${issuer} cannot be had, so no token can be looked at.`);
    return this.#lookup;
  }

  /** One at a time; not at all where the last attempt is too recent. Tells of failures, and leaves what is there. */
  async #refresh(pauseMs: number): Promise<void> {
    if (this.#pending === null) {
      if (this.#settings.nowMs() - this.#attemptedMs < pauseMs) return;
      this.#pending = this.#fetch().finally(() => {
        this.#pending = null;
      });
    }
    await this.#pending;
  }

  async #fetch(): Promise<void> {
    const { issuer, fetch, lookup, logger, nowMs } = this.#settings;
    this.#attemptedMs = nowMs();
    try {
      const keys = await fetch();
      if (!isKeySet(keys)) throw new Error(`what it answers is no key set of at most ${keysMax} keys`);
      this.#lookup = lookup(keys);
      this.#fetchedMs = this.#attemptedMs;
      logger.debug({ issuer, keys: keys.keys.length }, 'The keys of the issuer were had.');
    } catch (error) {
      logger.warn(
        { issuer },
        `The keys of the issuer ${issuer} could not be had: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys)) return false;
  return value.keys.length <= keysMax && value.keys.every(key => typeof key === 'object' && key !== null);
}
