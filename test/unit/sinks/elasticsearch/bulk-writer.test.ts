import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BulkItem, BulkWriter } from '../../../../sinks/elasticsearch/bulk-writer.ts';
import { openClient } from '../../../../sinks/elasticsearch/connection.ts';
import type { WritingSettings } from '../../../../sinks/elasticsearch/settings.ts';
import { StubElasticsearch } from './stub-server.ts';

const settings: WritingSettings = { documentsMax: 100, bytesMax: 1e6, inFlightMax: 3, retriesMax: 3, backoffMs: 1, batchMsMax: 60_000 };
const never = new AbortController().signal;

function items(count: number, versioned = true): readonly BulkItem[] {
  return Array.from({ length: count }, (_, id) => ({ lines: `{"index":{"_index":"i","_id":"${id}"}}\n{"n":${id}}\n`, versioned }));
}

async function write(stub: StubElasticsearch, sent: readonly BulkItem[], changed: Partial<WritingSettings> = {}, readMs = 60_000) {
  const nodes = [new URL(stub.url)];
  const client = openClient({ nodes, login: null, tls: null, compression: false, connectMs: 60_000, readMs, idleMs: 1000 }, 5);
  try {
    return await new BulkWriter(client, { ...settings, ...changed }).write(sent, never);
  } finally {
    await client.close();
  }
}

const idsOf = (stub: StubElasticsearch) => stub.requests.map(actions => actions.map(({ id }) => id));

test('documents that an overloaded server turns away are sent again, they alone', async () => {
  await using stub = await StubElasticsearch.start((actions, number) => actions.map(({ id }) => (number < 3 && id === '1' ? 429 : 201)));
  assert.deepEqual(await write(stub, items(3)), [null, null, null]);
  assert.deepEqual(idsOf(stub), [['0', '1', '2'], ['1'], ['1']]);
});

test('one that stays overloaded is away: the batch begins anew after a while', async () => {
  await using stub = await StubElasticsearch.start(() => 429);
  await assert.rejects(write(stub, items(2)), { code: 'TARGET_UNAVAILABLE' });
  assert.equal(stub.requests.length, 1 + settings.retriesMax);
});

test('a version conflict says that all is well, unless there are no versions', async () => {
  await using stub = await StubElasticsearch.start((actions, number) => actions.map(() => (number === 1 ? 409 : 200)));
  assert.deepEqual(await write(stub, items(1)), [null]);
  assert.equal(stub.requests.length, 1);
  await using other = await StubElasticsearch.start((actions, number) => actions.map(() => (number === 1 ? 409 : 200)));
  assert.deepEqual(await write(other, items(1, false)), [null]);
  assert.equal(other.requests.length, 2, 'somebody else wrote at the same time: again');
});

test('refused documents are told by their place', async () => {
  await using stub = await StubElasticsearch.start(actions => actions.map(({ id }) => (id === '1' ? 400 : 201)));
  const outcomes = await write(stub, items(3), { documentsMax: 1 });
  assert.deepEqual(
    outcomes.map(outcome => outcome?.type),
    [undefined, 'document_parsing_exception', undefined],
  );
});

test('a missing right stops everything', async () => {
  await using stub = await StubElasticsearch.start(actions => actions.map(() => 403));
  await assert.rejects(write(stub, items(1)), { code: 'TARGET_REFUSED' });
});

test('requests are bounded by count, by bytes, and in how many are on the way', async () => {
  await using stub = await StubElasticsearch.start(actions => actions.map(() => 201));
  await write(stub, items(20), { documentsMax: 2 });
  assert.equal(stub.requests.length, 10);
  assert.ok(stub.inFlightMost <= settings.inFlightMax);
  assert.ok(stub.inFlightMost > 1, 'several at a time');
  await using small = await StubElasticsearch.start(actions => actions.map(() => 201));
  await write(small, items(4), { bytesMax: 1 });
  assert.equal(small.requests.length, 4, 'always one at least');
});

test('a request that is too large for the server goes in halves; a document that is, is refused', async () => {
  await using stub = await StubElasticsearch.start(actions =>
    actions.length > 2 || actions.some(({ id }) => id === '3') ? 413 : actions.map(() => 201),
  );
  const outcomes = await write(stub, items(5));
  assert.deepEqual(
    outcomes.map(outcome => outcome?.type),
    [undefined, undefined, undefined, 'content_too_long', undefined],
  );
});

test('a server that does not answer is away after read.timeout.ms', async () => {
  await using stub = await StubElasticsearch.start(() => null);
  await assert.rejects(write(stub, items(1), { retriesMax: 0 }, 50), { code: 'TARGET_UNAVAILABLE' });
});
