import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allows, highest, neededRole, neededRoles, roles } from '../../../../src/rest/access/roles.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { RestWorker } from '../rest-worker.ts';
import { access, basic, writeUsers } from './users.ts';

/** A path as somebody would call it, of things that are not there. */
function called(path: string): string {
  return path.replace('{task}', '0').replace(/\{\w+\}/g, 'nothing');
}

describe('every call', () => {
  test('has a role in the table', async () => {
    await using worker = await new RestWorker().start({ started: false });
    const calls = worker.rest.routes.flatMap(({ path, methods }) => Object.keys(methods).map(method => `${method} ${path}`));
    assert.ok(calls.length > 30, 'the routes are found');
    const without = calls.filter(call => !Object.hasOwn(neededRoles, call));
    assert.deepEqual(without, [], `give each of these its role in src/rest/access/roles.ts: ${without.join(', ')}`);
  });

  test('is open to those of its role and above, and to nobody else', async () => {
    using folder = new ScratchFolder('roles');
    const usersFile = folder.file('users');
    await writeUsers(usersFile, { viewer: 'viewer', operator: 'operator', admin: 'admin' });
    await using worker = await new RestWorker().start(access({ usersFile }));
    const seen = new Set<number>();
    for (const { path, methods } of worker.rest.routes) {
      for (const method of Object.keys(methods)) {
        const needs = neededRole(method, path, { metricsOpen: false });
        const nobody = await worker.call(method, called(path));
        assert.equal(nobody.status === 401, needs !== 'open', `${method} ${path} without a login: ${nobody.status}`);
        for (const role of roles) {
          const { status, body } = await worker.call(method, called(path), undefined, basic(role));
          const may = needs === 'open' || roles.indexOf(role) >= roles.indexOf(needs);
          assert.equal(status === 403, !may, `${method} ${path} by a ${role}: ${status} ${JSON.stringify(body)}`);
          assert.notEqual(status, 401);
          seen.add(status);
        }
      }
    }
    assert.ok(seen.has(403) && seen.has(404) && seen.has(200), 'there are answers of all kinds');
  });

  test('that is not in the table is an admin’s', () => {
    assert.equal(neededRole('POST', '/new', { metricsOpen: false }), 'admin');
    assert.equal(neededRole('GET', '/constructor', { metricsOpen: false }), 'admin');
    assert.equal(neededRole('GET', '/metrics', { metricsOpen: true }), 'open');
    assert.equal(neededRole('HEAD', '/connectors', { metricsOpen: false }), 'viewer');
  });
});

test('a path that there is not is told to those only who are logged in', async () => {
  using folder = new ScratchFolder('roles');
  const usersFile = folder.file('users');
  await writeUsers(usersFile, { viewer: 'viewer' });
  await using worker = await new RestWorker().start({ ...access({ usersFile }), started: false });
  assert.equal((await worker.call('GET', '/nowhere')).status, 401);
  assert.equal((await worker.call('GET', '/nowhere', undefined, basic('viewer'))).status, 404);
  assert.equal((await worker.call('POST', '/health', undefined, basic('viewer'))).status, 405);
  assert.equal((await worker.call('OPTIONS', '/connectors')).status, 200, 'a browser asks before it sends a login');
});

test('of several roles the highest counts', () => {
  assert.equal(highest(['operator', 'viewer']), 'operator');
  assert.equal(highest([]), null);
  assert.ok(allows(null, 'open') && !allows(null, 'viewer'));
});
