import type { IncomingMessage } from 'node:http';

/** Connect's access.control.allow.*: which pages a browser lets call this API. `origins` empty: none. */
export type CorsSettings = { readonly origins: string; readonly methods: string };

/** Methods that change nothing. */
const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What pages of other origins may do, by CORS and without it. */
export class CrossOrigin {
  readonly #allowed: readonly RegExp[];
  readonly #methods: string;

  constructor({ origins, methods }: CorsSettings) {
    const patterns = origins
      .split(',')
      .map(origin => origin.trim())
      .filter(origin => origin !== '');
    // As Jetty's filter, which Connect uses: `*` stands for anything, also within an origin.
    const literal = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
    this.#allowed = patterns.map(pattern => new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`));
    this.#methods = methods === '' ? 'GET,POST,HEAD' : methods;
  }

  allows(origin: string): boolean {
    return this.#allowed.some(pattern => pattern.test(origin));
  }

  /** The headers that let a page read an answer. Never with `allow-credentials`: a login is for the page to send, not for the browser to add. */
  headers({ method, headers: { origin } }: IncomingMessage): Readonly<Record<string, string>> {
    if (this.#allowed.length === 0 || origin === undefined) return {};
    if (!this.allows(origin)) return { vary: 'origin' };
    return {
      'access-control-allow-origin': origin,
      vary: 'origin',
      ...(method === 'OPTIONS' && {
        'access-control-allow-methods': this.#methods,
        'access-control-allow-headers': 'content-type,accept,authorization',
      }),
    };
  }

  /**
   * Whether a page of another origin makes a browser change something here. CORS hides the answer from it, but a form's POST has been carried out by
   * then, with the login that the browser remembers, or from a machine that may call 127.0.0.1. No other client sends these headers.
   */
  forged({ method = 'GET', headers }: IncomingMessage): boolean {
    if (reading.has(method)) return false;
    const { origin, host, 'sec-fetch-site': site } = headers;
    if (site === 'same-origin' || site === 'none') return false;
    if (origin === undefined) return site !== undefined;
    if (this.allows(origin)) return false;
    return !URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase();
  }
}
