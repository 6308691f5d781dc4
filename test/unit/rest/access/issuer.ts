import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose';
import type { OidcSettings } from '../../../../src/rest/access/settings.ts';

/** A key of the issuer. */
export type Signer = { readonly kid: string; readonly alg: string; readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };

export async function signer(kid: string, alg = 'RS256'): Promise<Signer> {
  return { kid, alg, ...(await generateKeyPair(alg, { extractable: true })) };
}

/** An OpenID Connect issuer of the tests' own: a discovery document and keys. */
export class Issuer implements AsyncDisposable {
  readonly #server: Server;
  #keys: JSONWebKeySet = { keys: [] };
  /** How often its keys were asked for. */
  asked = 0;
  /** What it answers instead of its keys. */
  broken: { readonly status: number; readonly body: string } | null = null;
  /** What its discovery document says beside, or instead. */
  discovery: Readonly<Record<string, string>> = {};

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Issuer> {
    const server = createServer();
    const issuer = new Issuer(server);
    server.on('request', (request, response) => {
      response.setHeader('content-type', 'application/json');
      if (request.url === '/realm/.well-known/openid-configuration')
        return response.end(JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys`, ...issuer.discovery }));
      issuer.asked++;
      response.statusCode = issuer.broken?.status ?? 200;
      response.end(issuer.broken?.body ?? JSON.stringify(issuer.#keys));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/realm`;
  }

  /** The keys it has from now on. */
  async publish(...signers: readonly Signer[]): Promise<void> {
    const keys = signers.map(async ({ kid, alg, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }));
    this.#keys = { keys: await Promise.all(keys) };
  }

  settings(changes: Partial<OidcSettings> = {}): OidcSettings {
    return {
      issuer: this.url,
      audience: ['sluice'],
      jwksUrl: null,
      rolesClaim: 'realm_access.roles',
      roles: new Map([
        ['looks', 'viewer'],
        ['acts', 'operator'],
        ['rules', 'admin'],
      ]),
      userClaim: 'preferred_username',
      algorithms: ['RS256', 'ES256'],
      clockSkewMs: 30_000,
      jwksCacheMs: 600_000,
      jwksCooldownMs: 30_000,
      trustStore: null,
      ...changes,
    };
  }

  /** A token that is right, but for the claims given; undefined leaves one out. */
  token(by: Signer, claims: Readonly<Record<string, unknown>> = {}, header: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const payload = {
      iss: this.url,
      aud: ['account', 'sluice'],
      sub: '1f0c',
      preferred_username: 'ann',
      realm_access: { roles: ['offline_access', 'acts'] },
      iat: nowSeconds,
      exp: nowSeconds + 300,
      ...claims,
    };
    const given = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
    return new SignJWT(given).setProtectedHeader({ alg: by.alg, kid: by.kid, ...header }).sign(by.privateKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
