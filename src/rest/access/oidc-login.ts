import { readFile } from 'node:fs/promises';
import type { JWTPayload } from 'jose';
import { type Logger, SluiceError } from '../../contract/index.ts';
import { type HttpCallError, httpCall } from '../http-call.ts';
import { highest, type Role } from './roles.ts';
import { type OidcSettings, type Principal, shownName } from './settings.ts';
import { SigningKeys } from './signing-keys.ts';

/** How long the issuer has to answer. */
const issuerMsMax = 5_000;
/** Of a discovery document or a key set. */
const documentBytesMax = 256 * 1024;

/** A token that is not taken. The message says why in our own words, and holds nothing of the token. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

type Verify = (token: string) => Promise<JWTPayload>;

/** The token of an Authorization header; null where it is of another kind, or not well formed. */
export function bearerToken(authorization: string): string | null {
  return /^bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization)?.[1] ?? null;
}

/** Logins by the JWTs of an OpenID Connect issuer (RFC 6750, RFC 7519), checked here by the issuer's published keys. */
export class OidcLogin {
  readonly #settings: OidcSettings;
  readonly #verify: Verify;

  private constructor(settings: OidcSettings, verify: Verify) {
    this.#settings = settings;
    this.#verify = verify;
  }

  /** Has nothing of the issuer yet, who may be away. `nowMs`: since 1970. Rejects where the trust store cannot be read. */
  static async open(settings: OidcSettings, logger: Logger, nowMs: () => number = Date.now): Promise<OidcLogin> {
    const { issuer, audience, algorithms, clockSkewMs, jwksCacheMs, jwksCooldownMs } = settings;
    const authority = await authorityOf(settings);
    const { createLocalJWKSet, jwtVerify } = await import('jose');
    const keys = new SigningKeys({
      issuer,
      cacheMs: jwksCacheMs,
      cooldownMs: jwksCooldownMs,
      fetch: async () => fetchDocument(settings.jwksUrl ?? (await discover(issuer, authority)), authority),
      lookup: createLocalJWKSet,
      logger,
      nowMs,
    });
    const verify: Verify = async token => {
      const verified = await jwtVerify(token, (header, input) => keys.find(header, input), {
        issuer,
        audience: [...audience],
        algorithms: [...algorithms],
        clockTolerance: clockSkewMs / 1000,
        currentDate: new Date(nowMs()),
        requiredClaims: ['exp'],
      });
      return verified.payload;
    };
    return new OidcLogin(settings, verify);
  }

  /** Who a token is for. Rejects with TokenRefused, or UNAVAILABLE where the issuer's keys cannot be had. */
  async check(token: string): Promise<Principal> {
    const { userClaim, rolesClaim, roles } = this.#settings;
    let payload: JWTPayload;
    try {
      payload = await this.#verify(token);
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      throw new TokenRefused(reasonOf(error));
    }
    const name = [payload[userClaim], payload.sub].find(claim => typeof claim === 'string' && claim !== '');
    return { name: shownName(typeof name === 'string' ? name : 'unnamed'), role: roleOf(payload, rolesClaim, roles), by: 'oidc' };
  }
}

/** Texts of our own for what jose refuses: its errors carry the token's claims. */
function reasonOf(error: unknown): string {
  const { code, claim, reason } = error as { readonly code?: string; readonly claim?: string; readonly reason?: string };
  switch (code) {
    case 'ERR_JWT_EXPIRED':
      return 'the token has expired';
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      if (reason === 'missing') return `the token has no claim '${claim}'`;
      if (claim === 'nbf') return 'the token is not valid yet';
      if (claim === 'iss') return 'the token is of another issuer';
      return claim === 'aud' ? 'the token is for another audience' : 'the token has a claim that is not well formed';
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return 'the token is signed by an algorithm that is not allowed';
    case 'ERR_JWKS_NO_MATCHING_KEY':
    case 'ERR_JWKS_MULTIPLE_MATCHING_KEYS':
      return 'the token is signed by a key that the issuer does not publish';
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return 'the signature of the token is wrong';
    default:
      return 'the token is not well formed';
  }
}

/** The highest role that a token's claim gives. The claim is looked for by its full name first, since names may hold dots (`https://example.com/roles`). */
export function roleOf(payload: Readonly<Record<string, unknown>>, claim: string, mapping: ReadonlyMap<string, Role>): Role | null {
  const value = Object.hasOwn(payload, claim) ? payload[claim] : claim.split('.').reduce<unknown>(member, payload);
  const given = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return highest(given.flatMap(text => (typeof text === 'string' ? (mapping.get(text) ?? []) : [])));
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

async function authorityOf({ trustStore }: OidcSettings): Promise<Buffer | null> {
  if (trustStore === null) return null;
  try {
    return await readFile(trustStore);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new SluiceError('CONFIG_FILE_UNREADABLE', `rest.oidc.ssl.truststore.location: ${trustStore} cannot be read (${why}).`);
  }
}

/** Where an issuer's keys are (OpenID Connect Discovery 1.0, 4). */
async function discover(issuer: string, authority: Buffer | null): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = await fetchDocument(url, authority);
  if (member(document, 'issuer') !== issuer) throw new Error(`${url} is the document of another issuer`);
  const found = member(document, 'jwks_uri');
  if (typeof found !== 'string' || !URL.canParse(found)) throw new Error(`${url} names no jwks_uri`);
  const { protocol } = new URL(found);
  if (protocol !== 'https:' && protocol !== new URL(issuer).protocol) throw new Error(`${url} names a jwks_uri that is not https`);
  return found;
}

async function fetchDocument(url: string, authority: Buffer | null): Promise<unknown> {
  const answer = await httpCall(url, {
    headers: { accept: 'application/json' },
    withinMs: issuerMsMax,
    bytesMax: documentBytesMax,
    ...(authority !== null && { tls: { ca: authority } }),
  }).catch((error: HttpCallError) => {
    throw new Error(`${url} does not answer (${error.code})`);
  });
  if (answer.status !== 200) throw new Error(`${url} answers ${answer.status}`);
  try {
    return JSON.parse(answer.text);
  } catch {
    throw new Error(`${url} does not answer JSON`);
  }
}
