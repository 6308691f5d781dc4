import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KeycloakServer, type Tokens } from '../../services/keycloak.ts';
import { type Daemon, newDaemon } from '../../support/daemon.ts';
import { until } from '../../support/until.ts';

const realm = 'ops';
const password = (name: string) => `${name}-geheim`;

/** A user as Keycloak's imports have them: without all of it, it asks for the rest at the first login. */
function person(name: string, roles: readonly string[]) {
  return {
    username: name,
    enabled: true,
    email: `${name}@example.com`,
    emailVerified: true,
    firstName: name,
    lastName: name,
    credentials: [{ type: 'password', value: password(name), temporary: false }],
    realmRoles: roles,
  };
}

/** A program that people log in with; its tokens are for `audience`. */
function program(clientId: string, audience: string | null, attributes: Readonly<Record<string, string>> = {}) {
  const config = { 'included.custom.audience': audience ?? '', 'access.token.claim': 'true', 'id.token.claim': 'false' };
  const mapper = { name: 'audience', protocol: 'openid-connect', protocolMapper: 'oidc-audience-mapper', config };
  return {
    clientId,
    enabled: true,
    publicClient: true,
    directAccessGrantsEnabled: true,
    attributes,
    ...(audience !== null && { protocolMappers: [mapper] }),
  };
}

let keycloak: KeycloakServer;
let daemon: Daemon;

before(async () => {
  keycloak = await KeycloakServer.start({
    realm: {
      realm,
      enabled: true,
      sslRequired: 'none',
      roles: { realm: ['cdc-viewer', 'cdc-operator', 'cdc-admin'].map(name => ({ name })) },
      users: [
        person('vera', ['cdc-viewer']),
        person('otto', ['cdc-viewer', 'cdc-operator']),
        person('ada', ['cdc-admin']),
        person('nobody', []),
      ],
      clients: [
        program('sluice-cli', 'sluice'),
        program('short', 'sluice', { 'access.token.lifespan': '2' }),
        program('elsewhere', 'somebody-else'),
      ],
    },
  });
  daemon = await newDaemon({
    'rest.oidc.issuer': keycloak.issuer(realm),
    'rest.oidc.audience': 'sluice',
    'rest.oidc.roles.claim': 'realm_access.roles',
    'rest.oidc.roles': 'cdc-viewer=viewer, cdc-operator=operator, cdc-admin=admin',
    'rest.oidc.clock.skew.ms': '0',
    'rest.oidc.jwks.cooldown.ms': '1000',
  });
  await daemon.launch();
  await until(async () => (await fetch(`${daemon.url}/health`).catch(() => null))?.ok, {
    what: 'the daemon to be ready',
    timeoutMs: 60_000,
  });
});
after(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await keycloak?.[Symbol.asyncDispose]();
});

function login(name: string, client = 'sluice-cli'): Promise<Tokens> {
  return keycloak.tokens(realm, client, { name, password: password(name) });
}

async function call(method: string, path: string, token: string): Promise<{ readonly status: number; readonly message: string }> {
  const response = await fetch(daemon.url + path, { method, headers: { authorization: `Bearer ${token}` } });
  const body = await response.text();
  const { message = '' } = (body === '' ? {} : JSON.parse(body)) as { message?: string };
  return { status: response.status, message };
}

test('people have the roles that a real Keycloak gives them', { timeout: 120_000 }, async () => {
  // What each is answered: to look, to act on a connector that there is not, to remove it.
  const expected: Readonly<Record<string, readonly number[]>> = {
    vera: [200, 403, 403],
    otto: [200, 404, 403],
    ada: [200, 404, 404],
    nobody: [403, 403, 403],
  };
  for (const [name, statuses] of Object.entries(expected)) {
    const { access_token: token } = await login(name);
    const answers = [
      await call('GET', '/connectors', token),
      await call('PUT', '/connectors/x/pause', token),
      await call('DELETE', '/connectors/x', token),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      statuses,
      name,
    );
  }
});

test('what else it signs is refused, each for its reason', { timeout: 120_000 }, async () => {
  const mine = await login('ada');
  const master = await keycloak.tokens('master', 'admin-cli', keycloak.admin);
  const [header, payload, signature] = mine.access_token.split('.');
  const none = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${payload}.`;
  const cases: readonly (readonly [what: string, token: string, message: RegExp])[] = [
    ['a token for another program', (await login('ada', 'elsewhere')).access_token, /for another audience/],
    ['an id token', mine.id_token!, /for another audience/],
    ['a refresh token', mine.refresh_token, /algorithm that is not allowed/],
    ['a token of another realm', master.access_token, /does not publish|another issuer/],
    ['one without a signature', none, /algorithm that is not allowed/],
    ['one with a claim that was changed', `${header}.${changed(payload!)}.${signature}`, /signature of the token is wrong/],
  ];
  for (const [what, token, message] of cases) {
    const answer = await call('GET', '/connectors', token);
    assert.equal(answer.status, 401, what);
    assert.match(answer.message, message, what);
  }
});

test('a token is good until it expires', { timeout: 120_000 }, async () => {
  const { access_token: token } = await login('vera', 'short');
  const expired = await until(
    async () => {
      const answer = await call('GET', '/connectors', token);
      return answer.status === 401 ? answer : null;
    },
    { what: 'the token to expire', timeoutMs: 60_000, everyMs: 100 },
  );
  assert.match(expired.message, /has expired/);
});

test('tokens of a new key are taken, and those of the old one still', { timeout: 120_000 }, async () => {
  const before = (await login('ada')).access_token;
  await keycloak.rotateKey(realm);
  const after = (await login('ada')).access_token;
  assert.notEqual(after.split('.')[0], before.split('.')[0], 'it names another key');
  await until(async () => (await call('GET', '/connectors', after)).status === 200, { what: 'the new key to be known', timeoutMs: 60_000 });
  assert.equal((await call('GET', '/connectors', before)).status, 200);
});

function changed(payload: string): string {
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  return Buffer.from(JSON.stringify({ ...claims, realm_access: { roles: ['cdc-admin'] }, exp: 9_999_999_999 })).toString('base64url');
}
