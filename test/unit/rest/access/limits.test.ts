import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { RateLimit } from '../../../../src/rest/access/rate-limit.ts';
import { RestWorker } from '../rest-worker.ts';
import { access } from './users.ts';

describe('a rate limit', () => {
  test('gives what it says, and no more, whenever it is asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }),
        (perSecond, burst, pausesMs) => {
          const limit = new RateLimit(perSecond, burst);
          let [nowMs, taken] = [1_000, 0];
          for (const pauseMs of pausesMs) {
            nowMs += pauseMs;
            const waitSeconds = limit.take('a', nowMs);
            if (waitSeconds === 0) taken++;
            else assert.equal(limit.take('a', nowMs + waitSeconds * 1000), 0, 'after the wait that it told there is a token');
            if (waitSeconds > 0) return;
          }
          assert.ok(taken <= burst + ((nowMs - 1_000) / 1000) * perSecond + 1e-6);
        },
      ),
    );
  });

  test('is each client’s own, and off where it is 0', () => {
    const limit = new RateLimit(1, 1);
    assert.deepEqual([limit.take('a', 0), limit.take('a', 0), limit.take('b', 0), limit.take('a', 1000)], [0, 1, 0, 0]);
    assert.equal(new RateLimit(0, 0).take('a', 0), 0);
  });

  test('survives a clock that is set back', () => {
    const limit = new RateLimit(1, 1);
    limit.take('a', 10_000);
    assert.equal(limit.take('a', 5_000), 1);
    assert.equal(limit.take('a', 11_000), 0);
  });

  test('remembers so many clients and no more', () => {
    const limit = new RateLimit(1, 1);
    for (let client = 0; client < 20_000; client++) limit.take(String(client), 0);
    assert.equal(limit.wait('19999', 0), 1);
    assert.equal(limit.wait('0', 0), 0, 'the oldest begins anew');
  });
});

describe('the server', () => {
  /** Time stands still, however long the calls take. */
  const stopClock = ({ mock }: TestContext) => void mock.method(Date, 'now', () => 1_000_000);

  test('answers 429 with Retry-After where an address calls too often', async t => {
    stopClock(t);
    await using worker = await new RestWorker().start({ ...access({ requestsPerSecond: 1 }), started: false });
    const answers = [];
    for (let call = 0; call < 8; call++) answers.push(await worker.call('GET', '/health'));
    const refused = answers.filter(({ status }) => status === 429);
    assert.equal(refused.length, 3, 'five seconds’ worth are let through');
    assert.ok(Number(refused[0]!.headers.get('retry-after')) >= 1);
    assert.match(JSON.stringify(refused[0]!.body), /"error_code":429,"message":"Too many requests from this address; try again in/);
  });

  test('takes bodies up to its bound', async () => {
    await using worker = await new RestWorker().start(access({ bodyBytesMax: 2_000 }));
    const sized = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`;
    assert.equal((await worker.call('PUT', '/connectors/a/config', sized(2_000))).status, 400);
    const { status, body } = await worker.call('PUT', '/connectors/a/config', sized(2_001));
    assert.equal(status, 413);
    assert.match(JSON.stringify(body), /larger than 2000 bytes/);
  });

  test('does not read the body of somebody who may not send it', async t => {
    stopClock(t);
    await using worker = await new RestWorker().start({ ...access({ requestsPerSecond: 1 }), started: false });
    for (let call = 0; call < 6; call++) await worker.call('GET', '/health');
    const { hostname, port } = new URL(worker.url);
    const socket = connect(Number(port), hostname);
    socket.write('PUT /connectors/a/config HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{"a":');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    assert.match(answer.toString(), /^HTTP\/1\.1 429 /);
  });
});
