import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { exportJWK, exportSPKI } from 'jose';
import { OidcLogin, roleOf, TokenRefused } from '../../../../src/rest/access/oidc-login.ts';
import type { Role } from '../../../../src/rest/access/roles.ts';
import type { OidcSettings } from '../../../../src/rest/access/settings.ts';
import { logged } from '../../../support/logged.ts';
import { silentLogger } from '../../../support/silent-logger.ts';
import { RestWorker } from '../rest-worker.ts';
import { Issuer, type Signer, signer } from './issuer.ts';
import { access } from './users.ts';

let issuer: Issuer;
let key: Signer;
let other: Signer;
let curve: Signer;

before(async () => {
  [issuer, key, other, curve] = await Promise.all([Issuer.start(), signer('k1'), signer('k2'), signer('e1', 'ES256')]);
  await issuer.publish(key, curve);
});
after(() => issuer[Symbol.asyncDispose]());

const encode = (value: object | string) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const nowSeconds = () => Math.floor(Date.now() / 1000);

function login(changes: Partial<OidcSettings> = {}, nowMs?: () => number): Promise<OidcLogin> {
  return OidcLogin.open(issuer.settings(changes), silentLogger, nowMs);
}

async function refused(token: string, message: RegExp, changes: Partial<OidcSettings> = {}): Promise<void> {
  await assert.rejects((await login(changes)).check(token), error => {
    assert.ok(error instanceof TokenRefused, String(error));
    assert.match(error.message, message);
    return true;
  });
}

/** A token as `token` gives it, with another header, and signed by `sign`. */
async function forged(header: object, sign: (input: string) => string): Promise<string> {
  const [, payload] = (await issuer.token(key)).split('.');
  const input = `${encode(header)}.${payload}`;
  return `${input}.${sign(input)}`;
}

describe('a token', () => {
  test('of the issuer says who it is and what they may', async () => {
    const checks = await login();
    assert.deepEqual(await checks.check(await issuer.token(key)), { name: 'ann', role: 'operator', by: 'oidc' });
    assert.deepEqual(
      await checks.check(await issuer.token(curve, { preferred_username: undefined, realm_access: { roles: ['rules', 'looks'] } })),
      {
        name: '1f0c',
        role: 'admin',
        by: 'oidc',
      },
    );
    assert.equal((await checks.check(await issuer.token(key, { realm_access: { roles: ['other'] } }))).role, null);
    assert.equal((await checks.check(await issuer.token(key, { aud: 'sluice', preferred_username: 'a\nb' }))).name, 'a?b');
  });

  test('that is too old, too new, or for somebody else is refused', async () => {
    await refused(await issuer.token(key, { exp: nowSeconds() - 60 }), /^the token has expired$/);
    await refused(await issuer.token(key, { nbf: nowSeconds() + 120 }), /^the token is not valid yet$/);
    await refused(await issuer.token(key, { aud: 'account' }), /^the token is for another audience$/);
    await refused(await issuer.token(key, { aud: undefined }), /^the token has no claim 'aud'$/);
    await refused(await issuer.token(key, { iss: `${issuer.url}/` }), /^the token is of another issuer$/);
    await refused(await issuer.token(key, { iss: undefined }), /^the token has no claim 'iss'$/);
    await refused(await issuer.token(key, { exp: undefined }), /^the token has no claim 'exp'$/);
  });

  test('may differ by what clocks do', async () => {
    const checks = await login();
    await checks.check(await issuer.token(key, { exp: nowSeconds() - 10 }));
    await checks.check(await issuer.token(key, { nbf: nowSeconds() + 20 }));
    await refused(await issuer.token(key, { exp: nowSeconds() - 10 }), /expired/, { clockSkewMs: 0 });
  });

  test('that nobody signed is refused, however none is written', async () => {
    for (const alg of ['none', 'None', 'NONE'])
      await refused(await forged({ alg, kid: 'k1' }, () => ''), /algorithm that is not allowed|not well formed/);
    await refused(await forged({ kid: 'k1' }, () => 'AAAA'), /not well formed/);
  });

  test('signed with the public key as if it were a secret is refused', async () => {
    const pem = await exportSPKI(key.publicKey);
    const jwk = JSON.stringify(await exportJWK(key.publicKey));
    for (const secret of [pem, pem.trim(), jwk, Buffer.from((await exportJWK(key.publicKey)).n!, 'base64url')]) {
      const token = await forged({ alg: 'HS256', kid: 'k1' }, input => createHmac('sha256', secret).update(input).digest('base64url'));
      await refused(token, /algorithm that is not allowed/);
    }
  });

  test('signed by another key is refused, whatever key it says it is, or brings along', async () => {
    const unpublished = /^the token is signed by a key that the issuer does not publish$/;
    await refused(await issuer.token(other), unpublished);
    await refused(await issuer.token({ ...other, kid: 'k1' }), /^the signature of the token is wrong$/);
    const jwk = await exportJWK(other.publicKey);
    await refused(await issuer.token(other, {}, { jwk }), unpublished);
    await refused(await issuer.token(other, {}, { jku: `${issuer.url}/keys`, kid: 'k1' }), /^the signature of the token is wrong$/);
    await refused(await issuer.token(other, {}, { kid: '../../dev/null' }), unpublished);
    await refused(await issuer.token(key, {}, { kid: 'e1' }), unpublished);
  });

  test('that was changed after it was signed is refused', async () => {
    const [header, payload, signature] = (await issuer.token(key)).split('.');
    const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString()) as object;
    const raised = encode({ ...claims, realm_access: { roles: ['rules'] } });
    await refused(`${header}.${raised}.${signature}`, /signature of the token is wrong/);
    for (const text of ['', 'a.b', 'a.b.c', `${header}.${payload}`, `${header}.${payload}.`, `${header}.${encode('[1]')}.${signature}`])
      await refused(text, /not well formed|signature of the token is wrong/);
  });

  test('by an algorithm that the worker was not told of is refused', () =>
    issuer.token(curve).then(token => refused(token, /algorithm that is not allowed/, { algorithms: ['RS256'] })));
});

describe('the keys of an issuer', () => {
  test('are had once, and anew for a key that is not known: but not for every forged one', async () => {
    await using rotating = await Issuer.start();
    await rotating.publish(key);
    let nowMs = Date.now();
    const checks = await OidcLogin.open(rotating.settings(), silentLogger, () => nowMs);
    for (let call = 0; call < 5; call++) await checks.check(await rotating.token(key));
    assert.equal(rotating.asked, 1);
    await rotating.publish(other);
    for (let call = 0; call < 5; call++) await assert.rejects(checks.check(await rotating.token(other)), /does not publish/);
    assert.equal(rotating.asked, 1, 'too soon after the last time');
    nowMs += 30_000;
    await checks.check(await rotating.token(other));
    assert.equal(rotating.asked, 2);
    await assert.rejects(checks.check(await rotating.token(key)), /does not publish/, 'the old key is gone');
    const forgeries = Array.from({ length: 20 }, async (_, index) => checks.check(await rotating.token(key, {}, { kid: `x${index}` })));
    assert.ok((await Promise.allSettled(forgeries)).every(({ status }) => status === 'rejected'));
    assert.equal(rotating.asked, 2);
  });

  test('are forgotten when they get old, so that one that was withdrawn is', async () => {
    await using rotating = await Issuer.start();
    await rotating.publish(key, other);
    let nowMs = Date.now();
    const checks = await OidcLogin.open(rotating.settings({ clockSkewMs: 300_000 }), silentLogger, () => nowMs);
    const exp = nowSeconds() + 7_200;
    await checks.check(await rotating.token(key, { exp }));
    await rotating.publish(other);
    await checks.check(await rotating.token(key, { exp }));
    nowMs += 600_000;
    await assert.rejects(checks.check(await rotating.token(key, { exp })), /does not publish/);
  });

  test('are kept for an hour where the issuer is away, and no longer', async () => {
    await using away = await Issuer.start();
    await away.publish(key);
    let nowMs = Date.now();
    const { logger, lines } = logged();
    const checks = await OidcLogin.open(away.settings(), logger, () => nowMs);
    const token = await away.token(key, { exp: nowSeconds() + 86_400 });
    await checks.check(token);
    away.broken = { status: 500, body: '{}' };
    nowMs += 4_199_000;
    await checks.check(token);
    assert.match(lines.at(-1)!.message, /could not be had: http.*\/keys answers 500/);
    nowMs += 10_000;
    await assert.rejects(checks.check(token), { code: 'UNAVAILABLE' });
    away.broken = null;
    nowMs += 10_000;
    await checks.check(token);
  });

  test('that are none are not taken', async () => {
    await using odd = await Issuer.start();
    await odd.publish(key);
    for (const body of ['no JSON', '[]', '{"keys":{}}', `{"keys":[${'{},'.repeat(100)}{}]}`, `{"keys":[],"x":"${'x'.repeat(300_000)}"}`]) {
      odd.broken = { status: 200, body };
      await assert.rejects(
        (await OidcLogin.open(odd.settings(), silentLogger)).check(await odd.token(key)),
        { code: 'UNAVAILABLE' },
        body.slice(0, 20),
      );
    }
    odd.broken = null;
    odd.discovery = { issuer: 'https://elsewhere.example' };
    const settings = odd.settings();
    await assert.rejects((await OidcLogin.open(settings, silentLogger)).check(await odd.token(key)), { code: 'UNAVAILABLE' });
    await (await OidcLogin.open({ ...settings, jwksUrl: `${settings.issuer}/keys` }, silentLogger)).check(await odd.token(key));
  });
});

describe('the roles claim', () => {
  const mapping = new Map<string, Role>([
    ['looks', 'viewer'],
    ['rules', 'admin'],
  ]);
  const cases: readonly (readonly [claim: string, payload: Record<string, unknown>, role: string | null])[] = [
    ['roles', { roles: ['looks'] }, 'viewer'],
    ['roles', { roles: 'looks rules' }, 'admin'],
    ['a.b.c', { a: { b: { c: ['rules'] } } }, 'admin'],
    ['https://x.example/roles', { 'https://x.example/roles': ['looks'] }, 'viewer'],
    ['roles', { roles: { looks: true } }, null],
    ['roles', { roles: [['rules'], 1, null] }, null],
    ['roles', {}, null],
    ['__proto__.rules', {}, null],
    ['constructor.name', {}, null],
  ];
  for (const [claim, payload, role] of cases)
    test(`${claim} of ${JSON.stringify(payload)} gives ${role}`, () => assert.equal(roleOf(payload, claim, mapping), role));
});

test('a worker takes tokens, and says what is wrong with one, but never shows it', async () => {
  await using worker = await new RestWorker().start(access({ oidc: issuer.settings() }));
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  assert.equal((await worker.call('GET', '/connectors', undefined, bearer(await issuer.token(key)))).status, 200);
  const denied = await worker.call('DELETE', '/connectors/x', undefined, bearer(await issuer.token(key)));
  assert.deepEqual(
    [denied.status, (denied.body as { message: string }).message],
    [403, 'This needs the role admin; ann has the role operator.'],
  );
  const expired = await issuer.token(key, { exp: nowSeconds() - 100 });
  const { status, body, headers } = await worker.call('GET', '/connectors', undefined, bearer(expired));
  assert.equal(status, 401);
  assert.equal(headers.get('www-authenticate'), 'Bearer realm="Sluice", error="invalid_token", error_description="the token has expired"');
  assert.ok(!JSON.stringify(body).includes(expired.split('.')[1]!));
  assert.equal((await worker.call('GET', `/connectors?access_token=${await issuer.token(key)}`)).status, 401, 'in no other place');
  const roleless = await worker.call('GET', '/connectors', undefined, bearer(await issuer.token(key, { realm_access: undefined })));
  assert.deepEqual(
    [roleless.status, (roleless.body as { message: string }).message],
    [403, 'This needs the role viewer; ann has none here.'],
  );
});
