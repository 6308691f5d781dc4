import { type ErrorCode, type SluiceError, StreamConflictError, toSluiceError } from '../contract/index.ts';
import type { Streaming } from './services/event-stream.ts';

/** What a request is answered with. `body` is sent as JSON, bigints as their digits; undefined: no body. */
export type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** In place of a body: server-sent events, until the client goes or the server ends. */
  readonly streaming?: Streaming;
};

export function ok(body: unknown, headers: Answer['headers'] = {}): Answer {
  return { status: 200, body, headers };
}

/** A request that is answered with this HTTP status and Connect's error body. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  readonly headers: Answer['headers'];

  constructor(status: number, message: string, headers: Answer['headers'] = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const statuses: Partial<Record<ErrorCode, number>> = {
  NOT_FOUND: 404,
  CONFLICT: 409,
  BAD_REQUEST: 400,
  CONFIG_INVALID: 400,
  UNAVAILABLE: 503,
  STREAM_CONFLICT: 409,
  STREAM_DELETED: 410,
  EVENT_INVALID: 400,
  STORE_UNAVAILABLE: 503,
};

const statusTexts: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
};

/** The text Connect (Jersey) gives where a request does not reach a resource: `HTTP 404 Not Found`. */
export function plainError(status: number, headers: Answer['headers'] = {}): RequestError {
  return new RequestError(status, `HTTP ${status} ${statusTexts[status] ?? ''}`.trim(), headers);
}

/** Any error as Connect's `{error_code, message}`. A remedy follows the message where the message does not say it already. */
export function errorAnswer(thrown: unknown): Answer & { readonly error: SluiceError | null; readonly message: string } {
  if (thrown instanceof RequestError) {
    const { status, message, headers = {} } = thrown;
    return { status, body: { error_code: status, message }, headers, error: null, message };
  }
  const error = toSluiceError(thrown);
  const status = statuses[error.code] ?? 500;
  const told = status !== 500 || error.code === 'INTERNAL';
  const message = told ? error.message : `${error.message} ${error.remedy}`;
  const more = error instanceof StreamConflictError ? { currentVersion: Number(error.currentVersion) } : {};
  return { status, body: { error_code: status, message, ...more }, error: status === 500 ? error : null, message };
}

/** RFC 7234's Warning headers: how a client that only looks at Connect's bodies still hears of an unknown option. */
export function warningHeaders(warnings: readonly string[]): Answer['headers'] {
  if (warnings.length === 0) return {};
  const quoted = (text: string) =>
    text
      .replace(/[^\x20-\x7e]/g, '?')
      .replace(/["\\]/g, '\\$&')
      .slice(0, 500);
  return { warning: warnings.slice(0, 20).map(text => `299 sluice "${quoted(text)}"`) };
}
