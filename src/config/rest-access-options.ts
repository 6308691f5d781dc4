import { resolve } from 'node:path';
import { type ConfigOf, type ConfigReport, options, type RawConfig } from '../contract/index.ts';

const group = 'Access to REST';
const roles = ['viewer', 'operator', 'admin'] as const;
type Role = (typeof roles)[number];

/** Connect's own class for basic authentication, by its long and its short name. */
const basicExtension = /^(?:org\.apache\.kafka\.connect\.rest\.basic\.auth\.extension\.)?BasicAuthSecurityRestExtension$/;

/** Signatures by a private key, which nobody but the issuer has. What is signed by a shared secret, or not at all, cannot be allowed. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];

function parseUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw new Error('Not an http or https URL');
  return text;
}

/** `VALUE=ROLE` joined by commas. */
function parseRoles(text: string): ReadonlyMap<string, Role> {
  return new Map(
    text.split(',').map(part => {
      const [, value = '', name = ''] = /^\s*(.+?)\s*=\s*([a-z]+)\s*$/.exec(part) ?? [];
      const role = roles.find(known => known === name);
      if (role === undefined) throw new Error(`'${part.trim()}' is no mapping; write VALUE=ROLE, the role one of ${roles.join(', ')}`);
      return [value, role] as const;
    }),
  );
}

/** Who may call the REST API, how often, and what is told of it. */
export const restAccessOptions = {
  'rest.basic.users.file': options.string({
    default: null,
    group,
    importance: 'HIGH',
    doc: 'File with the users of basic authentication, one a line, as `sluice user` writes them; relative to the worker file. With it nobody calls without a login. Read again when it changes.',
  }),
  'rest.extension.classes': options.parsed(
    'LIST',
    {
      default: '',
      group,
      doc: 'Only Connect’s BasicAuthSecurityRestExtension, with rest.basic.users.file in the place of its JAAS file.',
    },
    text => {
      const classes = text
        .split(',')
        .map(name => name.trim())
        .filter(name => name !== '');
      const foreign = classes.find(name => !basicExtension.test(name));
      if (foreign !== undefined) throw new Error(`${foreign} is not supported: Java classes cannot be loaded`);
      return classes as readonly string[];
    },
  ),
  'rest.oidc.issuer': options.parsed(
    'STRING',
    {
      default: null,
      group,
      importance: 'HIGH',
      doc: 'The OpenID Connect issuer whose tokens are taken, as it stands in their `iss`: `https://id.example.com/realms/ops`. With it nobody calls without a login.',
    },
    parseUrl,
  ),
  'rest.oidc.audience': options.list({
    default: '',
    group,
    doc: 'One of these must stand in a token’s `aud`, so that tokens made for others are not taken here. Required with rest.oidc.issuer.',
  }),
  'rest.oidc.roles.claim': options.string({
    default: 'roles',
    group,
    doc: 'The claim with a user’s roles, a name or a path: `groups`, `realm_access.roles`. A list, or a text with spaces between.',
  }),
  'rest.oidc.roles': options.parsed(
    'LIST',
    {
      default: 'viewer=viewer,operator=operator,admin=admin',
      group,
      doc: 'What that claim holds, and which role it gives: `/ops/oncall=operator, sluice-admins=admin`. Of several the highest counts; who has none may call nothing.',
    },
    parseRoles,
  ),
  'rest.oidc.user.claim': options.string({
    default: 'preferred_username',
    group,
    doc: 'The claim that names the user in the audit log; a token without it is named by its `sub`.',
  }),
  'rest.oidc.algorithms': options.parsed(
    'LIST',
    { default: 'RS256,PS256,ES256', group, doc: `Signatures that are taken, of ${algorithms.join(', ')}.` },
    text => {
      const given = text.split(',').map(name => name.trim());
      const foreign = given.find(name => !algorithms.includes(name));
      if (foreign !== undefined) throw new Error(`'${foreign}' is none of ${algorithms.join(', ')}`);
      return given as readonly string[];
    },
  ),
  'rest.oidc.clock.skew.ms': options.int({
    default: '30000',
    min: 0,
    max: 300_000,
    group,
    doc: 'By how much the issuer’s clock may differ from this one’s when a token’s times are looked at.',
  }),
  'rest.oidc.jwks.url': options.parsed(
    'STRING',
    { default: null, group, doc: 'Where the issuer’s keys are; without it, where its discovery document says.' },
    parseUrl,
  ),
  'rest.oidc.jwks.cache.ms': options.int({
    default: '600000',
    min: 1_000,
    max: 86_400_000,
    group,
    doc: 'For how long keys are taken as they were had. When the issuer is away then, they are taken for an hour more.',
  }),
  'rest.oidc.jwks.cooldown.ms': options.int({
    default: '30000',
    min: 1_000,
    max: 3_600_000,
    group,
    doc: 'At most once in so long, a token with a key that is not known makes the keys be had again.',
  }),
  'rest.oidc.ssl.truststore.location': options.string({
    default: null,
    group,
    doc: 'PEM file with the authority of the issuer’s certificate, where it is none that Node trusts; relative to the worker file.',
  }),
  'rest.metrics.open': options.boolean({
    default: 'false',
    group,
    doc: 'Whether /metrics needs no login where the rest does. /health and /ready never need one.',
  }),
  'rest.request.max.bytes': options.int({
    default: '1048576',
    min: 1_024,
    max: 64 * 1024 * 1024,
    group,
    doc: 'The largest body of a request; a larger one is answered 413.',
  }),
  'rest.requests.per.second': options.int({
    default: '1000',
    min: 0,
    max: 1_000_000,
    group,
    doc: 'How often one address may call; five seconds’ worth at once. More is answered 429, with Retry-After. 0: no limit.',
  }),
  'rest.login.failures.per.minute': options.int({
    default: '20',
    min: 0,
    max: 100_000,
    group,
    doc: 'How often one address may give a wrong password; then it is answered 429, with Retry-After. 0: no limit.',
  }),
  'rest.audit.file': options.string({
    default: null,
    group,
    doc: 'File that the audit log is written to, a JSON object a line, beside the lines of the logger `sluice.audit`; relative to the worker file.',
  }),
  'rest.audit.file.max.bytes': options.long({
    default: '10485760',
    min: 4_096,
    group,
    doc: 'How large that file may grow before it becomes FILE.1 and a new one begins.',
  }),
  'rest.audit.max.files': options.int({
    default: '5',
    min: 1,
    max: 1_000,
    group,
    doc: 'How many such files are kept, the one that is written counted.',
  }),
};

type Config = ConfigOf<typeof restAccessOptions>;

/** What concerns several of them. */
export function checkRestAccess(config: Config, raw: RawConfig, report: ConfigReport): void {
  const issuer = config['rest.oidc.issuer'];
  if (config['rest.extension.classes'].length > 0 && config['rest.basic.users.file'] === null)
    report.fault(
      'rest.extension.classes',
      'Basic authentication needs rest.basic.users.file: make each user of the JAAS file with `sluice user NAME --role ROLE --file FILE`.',
    );
  if (issuer === null) {
    const idle = Object.keys(raw).find(name => name.startsWith('rest.oidc.') && name in restAccessOptions);
    if (idle !== undefined) report.fault(idle, `${idle} needs rest.oidc.issuer: whose tokens are taken.`);
    return;
  }
  if (config['rest.oidc.audience'].length === 0)
    report.fault('rest.oidc.issuer', 'rest.oidc.issuer needs rest.oidc.audience: without it, tokens made for anybody else would be taken.');
  for (const name of ['rest.oidc.issuer', 'rest.oidc.jwks.url'] as const) {
    const url = config[name];
    if (url !== null && new URL(url).protocol === 'http:' && !isLoopback(new URL(url).hostname))
      report.warning(name, `${name} is not https: whoever is on the way can give keys of their own, and with them tokens.`);
  }
}

/** Whether only this machine reaches a host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\./.test(host);
}

/** What the REST server is told of it; paths absolute. */
export function accessOf(config: Config, folder: string) {
  const path = (text: string | null) => (text === null ? null : resolve(folder, text));
  const issuer = config['rest.oidc.issuer'];
  return {
    usersFile: path(config['rest.basic.users.file']),
    oidc:
      issuer === null
        ? null
        : {
            issuer,
            audience: config['rest.oidc.audience'],
            jwksUrl: config['rest.oidc.jwks.url'],
            rolesClaim: config['rest.oidc.roles.claim'],
            roles: config['rest.oidc.roles'],
            userClaim: config['rest.oidc.user.claim'],
            algorithms: config['rest.oidc.algorithms'],
            clockSkewMs: config['rest.oidc.clock.skew.ms'],
            jwksCacheMs: config['rest.oidc.jwks.cache.ms'],
            jwksCooldownMs: config['rest.oidc.jwks.cooldown.ms'],
            trustStore: path(config['rest.oidc.ssl.truststore.location']),
          },
    metricsOpen: config['rest.metrics.open'],
    bodyBytesMax: config['rest.request.max.bytes'],
    requestsPerSecond: config['rest.requests.per.second'],
    loginFailuresPerMinute: config['rest.login.failures.per.minute'],
    audit: {
      file: path(config['rest.audit.file']),
      fileBytesMax: config['rest.audit.file.max.bytes'],
      filesMax: config['rest.audit.max.files'],
    },
  };
}

export type AccessConfig = ReturnType<typeof accessOf>;
