import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Answer } from '../answer.ts';
import { handedOnHeader } from '../forwarding.ts';
import { type AuditLog, refusals } from './audit.ts';
import { basicCredentials } from './basic-login.ts';
import type { Needed } from './roles.ts';
import type { Principal } from './settings.ts';

/** What is known of a client before it has logged in. `authorization` is a secret. */
export type Client = {
  readonly address: string;
  readonly authorization: string | undefined;
  /** The subject of its certificate, where it has one that is trusted: `CN=ops,O=Example`. */
  readonly certificate: string | null;
};

function addressOf({ socket }: IncomingMessage): string {
  // IPv4 on a socket that takes both.
  return (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '');
}

function certificateOf({ socket }: IncomingMessage): string | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  // Node's types leave out that there may be none.
  const subject: object | undefined = socket.getPeerCertificate().subject;
  return subject === undefined
    ? null
    : Object.entries(subject)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(',');
}

export function clientOf(request: IncomingMessage): Client {
  return { address: addressOf(request), authorization: request.headers.authorization, certificate: certificateOf(request) };
}

/** What becomes known of a request while it is answered, for the audit log. */
export class Trail {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  needed: Needed = 'open';
  principal: Principal | null = null;
  connector: string | null = null;
  handedOnTo: string | null = null;
  /** It is what services do all day: told of only where it was refused. */
  everyday = false;
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage) {
    this.method = request.method ?? 'GET';
    this.path = (request.url ?? '/').split('?')[0]!;
    this.#request = request;
  }

  /** Tells of what changes something, or would have, and of logins that were refused. */
  tell(audit: AuditLog, { status, body }: Answer, reason: string | null): void {
    const { authorization } = this.#request.headers;
    const changes = (this.needed === 'operator' || this.needed === 'admin') && !(this.everyday && !refusals.has(status));
    if (!changes && !(status === 401 && authorization !== undefined)) return;
    const handedOnBy = this.#request.headers[handedOnHeader];
    audit.record({
      principal: this.principal,
      claimed: authorization === undefined ? null : (basicCredentials(authorization)?.name ?? null),
      from: addressOf(this.#request),
      certificate: certificateOf(this.#request),
      method: this.method,
      path: this.path,
      connector: this.connector ?? madeName(this.method, body),
      status,
      reason,
      handedOnBy: typeof handedOnBy === 'string' ? handedOnBy : null,
      handedOnTo: this.handedOnTo,
    });
  }
}

/** The name of a connector that was made: it stands in no path. */
function madeName(method: string, body: unknown): string | null {
  if (method !== 'POST' || typeof body !== 'object' || body === null || !('name' in body)) return null;
  return typeof body.name === 'string' ? body.name : null;
}
