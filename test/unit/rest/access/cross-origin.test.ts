import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RestWorker } from '../rest-worker.ts';

describe('a page of another origin', () => {
  const page = { origin: 'https://evil.example' };

  test('may change nothing', async () => {
    await using worker = await new RestWorker().start();
    const refused: readonly Readonly<Record<string, string>>[] = [
      page,
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { ...page, 'sec-fetch-site': 'cross-site' },
      { ...page, 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of refused) {
      const { status, body } = await worker.call('PUT', '/connectors/x/pause', undefined, headers);
      assert.equal(status, 403, JSON.stringify(headers));
      assert.match(JSON.stringify(body), /access\.control\.allow\.origin/);
    }
    const own = [
      {},
      { origin: worker.url },
      { 'sec-fetch-site': 'same-origin', origin: 'https://behind.a.proxy' },
      { 'sec-fetch-site': 'none' },
    ];
    for (const headers of own)
      assert.equal((await worker.call('PUT', '/connectors/x/pause', undefined, headers)).status, 404, JSON.stringify(headers));
    assert.equal((await worker.call('GET', '/connectors', undefined, page)).status, 200);
  });

  test('may where it is allowed, and is told what it may send', async () => {
    await using worker = await new RestWorker().start({
      cors: { origins: 'https://ui.example, https://*.ops.example', methods: 'GET,PUT' },
    });
    for (const origin of ['https://ui.example', 'https://a.ops.example']) {
      const { status, headers } = await worker.call('PUT', '/connectors/x/pause', undefined, { origin });
      assert.deepEqual([status, headers.get('access-control-allow-origin'), headers.get('vary')], [404, origin, 'origin']);
      const asked = await worker.call('OPTIONS', '/connectors/x/pause', undefined, { origin, 'access-control-request-method': 'PUT' });
      assert.equal(asked.headers.get('access-control-allow-methods'), 'GET,PUT');
      assert.equal(asked.headers.get('access-control-allow-headers'), 'content-type,accept,authorization');
      assert.equal(asked.headers.get('access-control-allow-credentials'), null);
    }
    for (const origin of ['https://evil.example', 'https://aXopsXexample', 'https://ui.example.evil.example']) {
      const { status, headers } = await worker.call('PUT', '/connectors/x/pause', undefined, { origin });
      assert.deepEqual([status, headers.get('access-control-allow-origin')], [403, null], origin);
    }
  });
});
