import { type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { SecureContextOptions } from 'node:tls';

/** The largest answer that is read, unless a caller says. */
const answerBytesMax = 64 * 1024 * 1024;

/** How the other side of a TLS connection is trusted, and who we are to it. */
export type CallTls = SecureContextOptions & { readonly checkServerIdentity?: () => undefined };

export type HttpCall = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly tls?: CallTls;
  /** From the first packet to the last, in milliseconds. */
  readonly withinMs: number;
  readonly bytesMax?: number;
};

export type HttpAnswer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string };

/** A call that came to no answer. `code` is Node's (`ECONNREFUSED`, `CERT_HAS_EXPIRED`), `ETIMEDOUT` or `TOO_LARGE`. */
export class HttpCallError extends Error {
  override readonly name = 'HttpCallError';
  readonly code: string;
  /** Whether the other side may have seen the request: false where no connection was made. */
  readonly sent: boolean;

  constructor(code: string, sent: boolean, cause: unknown) {
    super(code, { cause });
    this.code = code;
    this.sent = sent;
  }
}

/**
 * One HTTP request over a connection of its own: fetch takes neither an authority nor a certificate. Redirects are not followed, since the
 * request may carry credentials. Rejects with HttpCallError.
 */
export function httpCall(url: string, call: HttpCall): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body = '', tls = {}, withinMs, bytesMax = answerBytesMax } = call;
  const secure = url.startsWith('https:');
  let sent = false;
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) =>
      reject(new HttpCallError(error.code === 'ABORT_ERR' ? 'ETIMEDOUT' : (error.code ?? error.name), sent, error));
    const settings = {
      method,
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      // No connection is kept: one that the other side has just closed would take a request with it.
      agent: false as const,
      signal: AbortSignal.timeout(withinMs),
    };
    const request = secure ? requestHttps(url, { ...settings, ...tls }) : requestHttp(url, settings);
    request.on('error', failed);
    request.on('socket', socket =>
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        sent = true;
      }),
    );
    request.on('response', response => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('error', failed);
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes <= bytesMax) return;
        failed(Object.assign(new Error('The answer is too large'), { code: 'TOO_LARGE' }));
        request.destroy();
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    request.end(body);
  });
}
