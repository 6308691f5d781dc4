import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { httpSink } from '../../../sinks/http/sink.ts';
import { type RawConfig, type Sink, SluiceError } from '../../../src/contract/index.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { UserRecords } from './redis-records.ts';
import { write } from './redis-target.ts';

type Got = { readonly method: string; readonly headers: IncomingHttpHeaders; readonly body: string };

let receiver: Server;
let url: string;
let got: Got[];
/** What the receiver answers to a body. */
let answer: (body: string) => { readonly status: number; readonly headers?: Record<string, string> };

beforeEach(async () => {
  got = [];
  answer = () => ({ status: 204 });
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    got.push({ method: request.method ?? '', headers: request.headers, body });
    const { status, headers } = answer(body);
    response.writeHead(status, headers).end();
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/changes?token=secret`;
});
afterEach(() => {
  receiver.closeAllConnections();
  receiver.close();
});

function sinkOf(config: RawConfig = {}, nowMs: () => number = () => 0): Sink {
  const parsed = httpSink.spec.parse({ 'http.url': url, ...config });
  assert.ok(parsed.config, JSON.stringify(parsed.faults));
  return httpSink.create(parsed.config, { connector: 'http', task: 0, logger: silentLogger, clock: { nowMs, nowNs: () => 0n } });
}

const records = () => {
  const users = new UserRecords();
  return Array.from({ length: 5 }, (_, id) => users.unwrapped({ id, email: `user ${id}`, bio: null }));
};

const idsOf = (body: string) => (JSON.parse(body) as { id: string }[]).map(({ id }) => id);
const place = (offset: number) => `srv.public.users/0/${offset}`;

test('batches go out in order with a key and a signature, and the same again the next time', async () => {
  await using sink = sinkOf({
    'http.batch.records': '2',
    'http.hmac.secret': 'shh',
    'http.authorization': 'Bearer t',
    'http.header.X-Tenant': 'a',
  });
  const batch = records();
  for (let time = 0; time < 2; time++) assert.deepEqual((await write(sink, batch)).failed, []);
  assert.deepEqual(
    got.slice(0, 3).map(({ body }) => idsOf(body)),
    [[place(0), place(1)], [place(2), place(3)], [place(4)]],
  );
  assert.deepEqual(
    got.slice(0, 3).map(({ headers }) => headers['idempotency-key']),
    got.slice(3).map(({ headers }) => headers['idempotency-key']),
  );
  assert.equal(got[0]!.headers['idempotency-key'], `${place(0)}..${place(1)}`);
  for (const { method, headers, body } of got) {
    assert.equal(method, 'POST');
    assert.equal(headers['x-sluice-signature'], `sha256=${createHmac('sha256', 'shh').update(body).digest('hex')}`);
    assert.deepEqual([headers['authorization'], headers['x-tenant'], headers['content-type']], ['Bearer t', 'a', 'application/json']);
  }
  assert.deepEqual((JSON.parse(got[2]!.body) as unknown[])[0], {
    id: place(4),
    topic: 'srv.public.users',
    partition: 0,
    offset: 4,
    timestamp: null,
    key: { id: 4 },
    value: { id: 4, email: 'user 4', bio: null },
  });
});

test('a record that is refused fails alone', async () => {
  answer = body => ({ status: body.includes('user 1') || body.includes('user 4') ? 422 : 200 });
  await using sink = sinkOf();
  const { failed } = await write(sink, records());
  assert.deepEqual(
    failed.map(({ index, error }) => [index, error.code]),
    [
      [1, 'RECORD_REFUSED'],
      [4, 'RECORD_REFUSED'],
    ],
  );
  assert.ok(!failed[0]!.error.message.includes('token'), 'the query is not told');
});

test('what may heal is tried again, not before Retry-After; what does not heal stops', async () => {
  let nowMs = 1_000;
  await using sink = sinkOf({}, () => nowMs);
  const [record] = records();
  const rejectsWith = (code: string) =>
    assert.rejects(write(sink, [record!]), error => error instanceof SluiceError && error.code === code);
  for (const status of [429, 500, 503]) {
    answer = () => ({ status });
    await rejectsWith('TARGET_UNAVAILABLE');
  }
  answer = () => ({ status: 503, headers: { 'retry-after': '60' } });
  await rejectsWith('TARGET_UNAVAILABLE');
  const requests = got.length;
  const stopping = new AbortController();
  const resting = sink.write({ records: [record!], mode: 'live', consumed: null }, stopping.signal);
  stopping.abort();
  await assert.rejects(resting, /wanted rest/);
  assert.equal(got.length, requests, 'nothing was sent in between');
  nowMs += 60_000;
  answer = () => ({ status: 200 });
  assert.deepEqual((await write(sink, [record!])).failed, []);
  for (const status of [301, 401, 403, 404]) {
    answer = () => ({ status, headers: { location: '/else' } });
    await rejectsWith('TARGET_REFUSED');
  }
  receiver.closeAllConnections();
  receiver.close();
  await rejectsWith('TARGET_UNAVAILABLE');
});

test('lines, single records, and the check', async () => {
  const signal = new AbortController().signal;
  await using lines = sinkOf({ 'http.format': 'lines', 'http.method': 'PUT' });
  await write(lines, records());
  assert.equal(got[0]!.method, 'PUT');
  assert.equal(got[0]!.body.trimEnd().split('\n').length, 5);
  await using single = sinkOf({ 'http.format': 'single' });
  await write(single, records());
  assert.equal((JSON.parse(got[5]!.body) as { id: string }).id, place(4));
  assert.deepEqual(
    (await single.check(signal)).map(({ status }) => status),
    ['ok'],
  );
  assert.equal(got.at(-1)!.method, 'HEAD');
  answer = () => ({ status: 403 });
  assert.deepEqual(
    (await single.check(signal)).map(({ status }) => status),
    ['warning'],
  );
  receiver.closeAllConnections();
  receiver.close();
  assert.deepEqual(
    (await single.check(signal)).map(({ status, code }) => [status, code]),
    [['fault', 'TARGET_UNAVAILABLE']],
  );
});
