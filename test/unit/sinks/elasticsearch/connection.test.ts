import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { openClient } from '../../../../sinks/elasticsearch/connection.ts';
import { elasticsearchSpec } from '../../../../sinks/elasticsearch/options.ts';

/** The headers of a request that a client with these options makes. */
async function headersWith(options: Readonly<Record<string, string>>) {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
    response.end(JSON.stringify({ version: { number: '8.19.0' } }));
    seen.push(request.headers);
  });
  const seen: NodeJS.Dict<string | string[]>[] = [];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = openClient(elasticsearchSpec.parse({ 'connection.url': url, ...options }).config!.connection, 1);
  await client.transport.request({ method: 'POST', path: '/_bulk', bulkBody: '{}\n' });
  await client.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  return seen[0]!;
}

// The distribution for tests can make no API keys, so what is sent is looked at here.
test('an API key goes as it is given, user and password as basic authentication, nothing without either', async () => {
  assert.equal((await headersWith({ 'connection.api.key': 'a2V5OnNlY3JldA==' }))['authorization'], 'ApiKey a2V5OnNlY3JldA==');
  const basic = await headersWith({ 'connection.username': 'u', 'connection.password': 'p' });
  assert.equal(basic['authorization'], `Basic ${Buffer.from('u:p').toString('base64')}`);
  assert.equal((await headersWith({}))['authorization'], undefined);
});

test('connection.compression compresses requests', async () => {
  assert.equal((await headersWith({ 'connection.compression': 'true' }))['content-encoding'], 'gzip');
});
