import { createHmac, randomBytes } from 'node:crypto';
import type { Logger } from '../../contract/index.ts';
import { RequestError } from '../answer.ts';
import { FileWatch } from './file-watch.ts';
import { costOfNew, type PasswordHash, verifyPassword } from './password-hash.ts';
import type { Principal } from './settings.ts';
import { readUsers, type User, type Users } from './users-file.ts';

/** Logins that are known to be right, so that a client that calls every second does not cost a hash each time. */
const knownMax = 1_000;
/** Hashes computed at once: each takes a thread of the pool that files are read with too, and 32 MiB. */
const hashesMax = 2;
/** Logins that wait for one of these. */
const waitingMax = 64;

/** What is computed where nobody is called so, so that the time of the answer does not tell. */
const nobody: PasswordHash = { cost: costOfNew, salt: randomBytes(16), hash: randomBytes(32) };

/** Name and password of an Authorization header; null where it is of another kind, or not well formed. */
export function basicCredentials(authorization: string): { readonly name: string; readonly password: string } | null {
  const match = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization);
  if (match === null) return null;
  const text = Buffer.from(match[1]!, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 1 ? null : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Basic authentication (RFC 7617) by a file of users, which is read again when it changes. */
export class BasicLogin implements Disposable {
  readonly #file: string;
  readonly #logger: Logger;
  /** Of this process: what is remembered of a login tells nobody its password. */
  readonly #secret = randomBytes(32);
  readonly #known = new Map<string, User>();
  readonly #checks = new Map<string, Promise<User | null>>();
  #users: Users = new Map();
  #watch: FileWatch | null = null;
  #hashing = 0;
  readonly #waiting: (() => void)[] = [];

  private constructor(file: string, logger: Logger) {
    this.#file = file;
    this.#logger = logger;
  }

  /** Reads the users. Rejects with CONFIG_FILE_UNREADABLE or CONFIG_INVALID. */
  static async open(file: string, logger: Logger, watchEveryMs: number): Promise<BasicLogin> {
    const login = new BasicLogin(file, logger);
    login.#watch = await FileWatch.start([file], watchEveryMs, () => login.#reload());
    try {
      login.#users = await readUsers(file);
    } catch (error) {
      login[Symbol.dispose]();
      throw error;
    }
    return login;
  }

  async #reload(): Promise<void> {
    try {
      this.#users = await readUsers(this.#file);
      this.#known.clear();
      this.#logger.info({ users: this.#users.size }, `The users were read again from ${this.#file}: ${this.#users.size}.`);
    } catch (error) {
      this.#logger.error({ err: error }, 'The users could not be read again; those that were read before stay.');
    }
  }

  /** Whether somebody has logged in like this already. */
  remembers(name: string, password: string): boolean {
    return this.#known.has(this.#keyOf(name, password));
  }

  /** Who it is; null where the name or the password is wrong. Rejects with 503 where too many are asking at once. */
  async check(name: string, password: string): Promise<Principal | null> {
    const key = this.#keyOf(name, password);
    const known = this.#known.get(key);
    if (known !== undefined) return principalOf(known);
    // Calls that come at once with the same login share one hash.
    const check = this.#checks.get(key) ?? this.#verify(name, password).finally(() => this.#checks.delete(key));
    this.#checks.set(key, check);
    const user = await check;
    // The file may have changed meanwhile.
    if (user === null || this.#users.get(name) !== user) return null;
    if (this.#known.size >= knownMax) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, user);
    return principalOf(user);
  }

  #keyOf(name: string, password: string): string {
    return createHmac('sha256', this.#secret).update(`${name}\0${password}`).digest('base64');
  }

  async #verify(name: string, password: string): Promise<User | null> {
    const user = this.#users.get(name) ?? null;
    await this.#turn();
    try {
      const right = await verifyPassword(password, user?.password ?? nobody);
      return right ? user : null;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#hashing--;
      else next();
    }
  }

  /** Whoever is done hands its turn to the one who has waited longest. */
  async #turn(): Promise<void> {
    if (this.#hashing < hashesMax) {
      this.#hashing++;
      return;
    }
    if (this.#waiting.length >= waitingMax)
      throw new RequestError(503, 'Too many logins are being checked; try again in a second.', { 'retry-after': '1' });
    await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
  }
}

function principalOf({ name, role }: User): Principal {
  return { name, role, by: 'basic' };
}
