import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { httpCall } from '../../../../src/rest/http-call.ts';
import type { TlsSettings } from '../../../../src/rest/tls-material.ts';
import { CertificateAuthority } from '../../../services/certificates.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { until } from '../../../support/until.ts';
import { ScriptedGroup } from '../../engine/scripted-group.ts';
import { config } from '../../engine/supervised.ts';
import { RestWorker } from '../rest-worker.ts';
import { access, basic, writeUsers } from './users.ts';

test('a request that is handed on keeps the login of who sent it, and goes over TLS with the worker’s own certificate', async () => {
  using folder = new ScratchFolder('handed-on');
  const authority = await CertificateAuthority.create(folder, 'authority');
  const pair = await authority.sign('worker', ['IP:127.0.0.1']);
  const location = folder.file('store.pem');
  writeFileSync(location, readFileSync(pair.key, 'utf8') + readFileSync(pair.certificate, 'utf8'));
  const tls: TlsSettings = {
    prefix: 'listeners.https.',
    keyStore: { location, type: null, password: null, key: null, chain: null },
    keyPassword: null,
    trustStore: { location: authority.certificate, type: null, certificates: null },
    clientAuth: 'required',
    versions: { lowest: 'TLSv1.2', highest: 'TLSv1.3' },
    verifyHost: true,
  };
  const usersFile = folder.file('users');
  await writeUsers(usersFile, { olga: 'operator', vic: 'viewer' });
  const files = { owner: folder.file('owner.log'), asked: folder.file('asked.log') };
  const settings = (file: string) => ({
    ...access({ usersFile, audit: { file, fileBytesMax: 1_000_000, filesMax: 1 } }),
    listeners: [{ protocol: 'https' as const, host: '127.0.0.1', port: 0 }],
    tls,
  });
  const [ofOwner, ofAsked] = [
    new ScriptedGroup({ id: 'owner:1', url: 'https://owner:1' }),
    new ScriptedGroup({ id: 'asked:1', url: 'https://asked:1' }),
  ];
  await using owner = await new RestWorker().start({ ...settings(files.owner), group: ofOwner });
  await using asked = await new RestWorker().start({ ...settings(files.asked), group: ofAsked });
  for (const { supervised } of [owner, asked]) await supervised.log.connectors.putConfig('c', { ...config(), name: 'c' });
  await ofOwner.assign(['c']);
  await ofAsked.assign([], new Map([[{ id: 'owner:1', url: owner.url }, ['c']]]));

  const mine = { ca: readFileSync(authority.certificate), cert: readFileSync(pair.certificate), key: readFileSync(pair.key) };
  const call = (method: string, path: string, name: string) =>
    httpCall(asked.url + path, { method, headers: basic(name), tls: mine, withinMs: 20_000 });
  assert.equal((await call('PUT', '/connectors/c/pause', 'vic')).status, 403);
  assert.equal((await call('PUT', '/connectors/c/pause', 'olga')).status, 202);
  await until(() => owner.supervised.supervisor.status('c').connector.state === 'PAUSED', { what: 'PAUSED' });
  const all = await call('GET', '/sluice/connectors', 'vic');
  assert.match(all.text, /"c":\{"name":"c"/, 'the others are asked with the same login');
  const told = (file: string) =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>);
  const [refused, handedOn] = told(files.asked);
  assert.deepEqual([refused!['user'], refused!['outcome'], refused!['handed_on_to']], ['vic', 'refused', undefined]);
  assert.deepEqual([handedOn!['user'], handedOn!['handed_on_to'], handedOn!['status']], ['olga', 'owner:1', 202]);
  const [done] = told(files.owner);
  assert.deepEqual(
    [done!['user'], done!['role'], done!['handed_on_by'], done!['certificate']],
    ['olga', 'operator', new URL(asked.url).host, 'CN=worker'],
  );
});
