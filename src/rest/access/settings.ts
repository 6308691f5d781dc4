import type { Role } from './roles.ts';

/** Whose tokens are taken, and what is read from them. */
export type OidcSettings = {
  /** As it stands in the tokens' `iss`. */
  readonly issuer: string;
  /** One of them must be in the tokens' `aud`. */
  readonly audience: readonly string[];
  /** Where the keys are; null: where the issuer's discovery document says. */
  readonly jwksUrl: string | null;
  /** The claim with the roles: a name, or a path with dots (`realm_access.roles`). */
  readonly rolesClaim: string;
  /** What the claim holds -> our role. */
  readonly roles: ReadonlyMap<string, Role>;
  /** The claim that names the user, for the audit log; without it `sub` does. */
  readonly userClaim: string;
  /** Asymmetric ones only. */
  readonly algorithms: readonly string[];
  readonly clockSkewMs: number;
  /** Keys older than this are had again before a token is looked at. */
  readonly jwksCacheMs: number;
  /** Between two attempts to have keys that a token names and nobody knows. */
  readonly jwksCooldownMs: number;
  /** PEM file with the authority of the issuer's certificate; null: those that Node trusts. */
  readonly trustStore: string | null;
};

/** Where the audit log goes beside the worker's log. */
export type AuditSettings = {
  /** null: nowhere. */
  readonly file: string | null;
  readonly fileBytesMax: number;
  /** Files kept, the one that is written counted. */
  readonly filesMax: number;
};

export type AccessSettings = {
  /** Users of basic authentication; null: there is none. */
  readonly usersFile: string | null;
  readonly oidc: OidcSettings | null;
  /** Whether /metrics needs no login. */
  readonly metricsOpen: boolean;
  readonly bodyBytesMax: number;
  /** Of one address; 0: no limit. */
  readonly requestsPerSecond: number;
  /** Wrong passwords of one address; 0: no limit. */
  readonly loginFailuresPerMinute: number;
  readonly audit: AuditSettings;
};

/** No login, no limit but that of a body. */
export const openAccess: AccessSettings = {
  usersFile: null,
  oidc: null,
  metricsOpen: false,
  bodyBytesMax: 1024 * 1024,
  requestsPerSecond: 0,
  loginFailuresPerMinute: 0,
  audit: { file: null, fileBytesMax: 10 * 1024 * 1024, filesMax: 5 },
};

/** Who calls. */
export type Principal = {
  /** A name to show: printable, of bounded length. */
  readonly name: string;
  /** null: it is known who it is, but they have no role here. */
  readonly role: Role | null;
  /** How they logged in; `none`: there is no login here. */
  readonly by: 'basic' | 'oidc' | 'none';
};

/** A name from outside as it may stand in a log line. */
export function shownName(text: string): string {
  return text.replace(/\p{C}/gu, '?').slice(0, 200);
}
