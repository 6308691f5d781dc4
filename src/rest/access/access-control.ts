import type { Logger } from '../../contract/index.ts';
import { RequestError } from '../answer.ts';
import { AuditLog } from './audit.ts';
import { BasicLogin, basicCredentials } from './basic-login.ts';
import type { Client } from './client.ts';
import { fileWatchEveryMs } from './file-watch.ts';
import { bearerToken, OidcLogin, TokenRefused } from './oidc-login.ts';
import { RateLimit } from './rate-limit.ts';
import { allows, type Needed, neededRole } from './roles.ts';
import { type AccessSettings, type Principal, shownName } from './settings.ts';

/** Calls that an address may make at once, in seconds' worth of its rate. */
const burstSeconds = 5;

export type AccessContext = {
  readonly logger: Logger;
  readonly auditLogger: Logger;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly watchEveryMs?: number;
};

/** Who may call, what, and how often. Owns the users file's watch. */
export class AccessControl implements AsyncDisposable {
  readonly audit: AuditLog;
  readonly bodyBytesMax: number;
  readonly #settings: AccessSettings;
  readonly #nowMs: () => number;
  readonly #basic: BasicLogin | null;
  readonly #oidc: OidcLogin | null;
  readonly #requests: RateLimit;
  readonly #failures: RateLimit;

  private constructor(settings: AccessSettings, context: AccessContext, audit: AuditLog, basic: BasicLogin | null, oidc: OidcLogin | null) {
    this.audit = audit;
    this.bodyBytesMax = settings.bodyBytesMax;
    this.#settings = settings;
    this.#nowMs = context.nowMs;
    this.#basic = basic;
    this.#oidc = oidc;
    this.#requests = new RateLimit(settings.requestsPerSecond, settings.requestsPerSecond * burstSeconds);
    this.#failures = new RateLimit(settings.loginFailuresPerMinute / 60, settings.loginFailuresPerMinute);
  }

  /** Reads the users, makes the audit file. Rejects with CONFIG_INVALID or CONFIG_FILE_UNREADABLE. */
  static async open(settings: AccessSettings, context: AccessContext): Promise<AccessControl> {
    const { logger, auditLogger, nowMs, watchEveryMs = fileWatchEveryMs } = context;
    const audit = new AuditLog(settings.audit, auditLogger, logger, nowMs);
    const oidc = settings.oidc === null ? null : await OidcLogin.open(settings.oidc, logger, nowMs);
    const basic = settings.usersFile === null ? null : await BasicLogin.open(settings.usersFile, logger, watchEveryMs);
    return new AccessControl(settings, context, audit, basic, oidc);
  }

  /** Whether anybody has to log in. */
  get on(): boolean {
    return this.#basic !== null || this.#oidc !== null;
  }

  needed(method: string, path: string): Needed {
    return neededRole(method, path, this.#settings);
  }

  /** Counts a request. Throws 429 where its client makes too many. */
  countRequest({ address }: Client): void {
    const waitSeconds = this.#requests.take(address, this.#nowMs());
    if (waitSeconds > 0) throw tooMany('Too many requests', waitSeconds);
  }

  /** Who calls; null where that is open to all and nobody was asked. Rejects with 401, 429 or 503. */
  async authenticate(client: Client, needed: Needed): Promise<Principal | null> {
    if (!this.on) return { name: client.certificate === null ? 'anonymous' : shownName(client.certificate), role: 'admin', by: 'none' };
    if (needed === 'open') return null;
    const { authorization } = client;
    if (authorization === undefined) throw this.#unauthorized('Log in to call this.');
    const token = this.#oidc === null ? null : bearerToken(authorization);
    if (this.#oidc !== null && token !== null) return this.#byToken(this.#oidc, token);
    const credentials = this.#basic === null ? null : basicCredentials(authorization);
    if (this.#basic !== null && credentials !== null) return this.#byPassword(this.#basic, client, credentials.name, credentials.password);
    throw this.#unauthorized(`The Authorization header is not of a kind that is taken here: ${this.#kinds().join(' or ')}.`);
  }

  /** Throws 403 where somebody may not do what needs a role. */
  authorize(principal: Principal | null, needed: Needed): void {
    if (needed === 'open' || (principal !== null && allows(principal.role, needed))) return;
    const who = principal?.name ?? 'Nobody';
    const has = principal?.role ?? null;
    throw new RequestError(403, `This needs the role ${needed}; ${who} has ${has === null ? 'none here' : `the role ${has}`}.`);
  }

  async #byPassword(basic: BasicLogin, { address }: Client, name: string, password: string): Promise<Principal> {
    // Who is known already is let in however many others guess from the same address, such as a proxy's.
    if (!basic.remembers(name, password)) {
      const waitSeconds = this.#failures.wait(address, this.#nowMs());
      if (waitSeconds > 0) throw tooMany('Too many wrong logins', waitSeconds);
    }
    const principal = await basic.check(name, password);
    if (principal !== null) return principal;
    this.#failures.take(address, this.#nowMs());
    throw this.#unauthorized('The user or the password is wrong.');
  }

  async #byToken(oidc: OidcLogin, token: string): Promise<Principal> {
    try {
      return await oidc.check(token);
    } catch (error) {
      if (error instanceof TokenRefused) throw this.#unauthorized(`The login is refused: ${error.message}.`, error.message);
      throw error;
    }
  }

  #kinds(): readonly string[] {
    return [...(this.#basic === null ? [] : ['Basic']), ...(this.#oidc === null ? [] : ['Bearer'])];
  }

  #unauthorized(message: string, tokenFault: string | null = null): RequestError {
    const fault = tokenFault === null ? '' : `, error="invalid_token", error_description="${tokenFault.replace(/["\\]/g, "'")}"`;
    const challenges = this.#kinds().map(kind => `${kind} realm="Sluice"${kind === 'Basic' ? ', charset="UTF-8"' : fault}`);
    return new RequestError(401, message, { 'www-authenticate': challenges });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#basic?.[Symbol.dispose]();
  }
}

function tooMany(what: string, waitSeconds: number): RequestError {
  const text = `${what} from this address; try again in ${waitSeconds} second${waitSeconds === 1 ? '' : 's'}.`;
  return new RequestError(429, text, { 'retry-after': String(waitSeconds) });
}
