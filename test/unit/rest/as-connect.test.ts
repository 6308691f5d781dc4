import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { until } from '../../support/until.ts';
import { RestWorker } from './rest-worker.ts';

type Exchange = {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly status: number;
  readonly answer?: unknown;
};

/**
 * A life of connectors as Kafka Connect 4.1.1 answered it (its file source under the name of the scripted connector; WORKER is its
 * host and port). What is asked asynchronously is asked again until it is as Connect had it.
 */
const exchanges = readFileSync(new URL('connect-4.1.1.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as Exchange);

test('REST answers a life of connectors as Kafka Connect does', async () => {
  await using worker = await new RestWorker().start();
  const record = { topic: 't1', partition: null, timestamp: null, keySchema: null, key: null, valueSchema: null, value: 'v', headers: [] };
  worker.supervised.script.batches.push({
    records: [record],
    offsets: [{ partition: { server: 's' }, offset: { lsn: 3 } }],
    committedAtMs: null,
    bytes: 1,
  });
  const wanted = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null).replaceAll('WORKER', '127.0.0.1:8083'));
  for (const { method, path, body, status, answer } of exchanges) {
    const ask = async () => {
      const { status: given, body: shown } = await worker.call(method, path, body);
      return { status: given, answer: shown ?? null };
    };
    const expected = { status, answer: wanted(answer) };
    let actual = await ask();
    const asked = async () => {
      actual = await ask();
      return isDeepStrictEqual(actual, expected);
    };
    if (method === 'GET' && status === 200 && !isDeepStrictEqual(actual, expected))
      await until(asked, { what: 'the answer', timeoutMs: 60_000 }).catch(() => {});
    assert.deepEqual(actual, expected, `${method} ${path} ${body ?? ''}`);
  }
});
