import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SinkRecord, SluiceError } from '../../../src/contract/index.ts';
import { randomChanges, seeded } from '../../conformance/sink-suite/model.ts';
import { SuiteTopic } from '../../conformance/sink-suite/records.ts';
import { startElasticsearch } from '../../services/elasticsearch.ts';
import { ElasticsearchReader, elasticsearchTask } from '../../support/elasticsearch.ts';
import { until } from '../../support/until.ts';

const batchSize = 100;
const records = 2_000;

test('a server that is killed and comes back in mid-load holds every row as the log has it, and a replay changes nothing', async () => {
  await using server = await startElasticsearch();
  const reader = new ElasticsearchReader(server.url);
  const topic = new SuiteTopic('killed', 'enveloped');
  const { rows, records: log } = randomChanges(topic, records, seeded(7), 300);
  const settings = { 'index.settings': '{"number_of_replicas": 0}', 'read.timeout.ms': '30000', 'max.retries': '0' };
  await using sink = elasticsearchTask({ 'connection.url': server.url, 'behavior.on.null.values': 'delete', ...settings });
  const abort = new AbortController();
  await sink.assign!({ group: 'connect-search', generation: 1, partitions: [{ topic: topic.topic, partition: 0, era: 1 }] }, abort.signal);
  let written = 0;
  let failures = 0;

  /** The engine's part: the same batch until it is durable. */
  async function deliver(batch: readonly SinkRecord[], mode: 'live' | 'replay'): Promise<void> {
    await until(
      () =>
        sink.write({ records: batch, mode, consumed: null }, abort.signal).then(
          ({ failed }) => {
            assert.deepEqual(failed, []);
            return true;
          },
          error => {
            if (!(error instanceof SluiceError) || error.retry !== 'backoff') throw error;
            failures++;
            return false;
          },
        ),
      { what: 'a batch to be durable', timeoutMs: 240_000, everyMs: 50 },
    );
    written += batch.length;
  }

  async function load(): Promise<void> {
    for (let at = 0; at < log.length; at += batchSize) await deliver(log.slice(at, at + batchSize), 'live');
  }

  async function kills(): Promise<void> {
    for (const share of [0.2, 0.6]) {
      await until(() => written > records * share, { what: `${share * 100}% to be written`, timeoutMs: 240_000, everyMs: 1 });
      const before = failures;
      await server.stopImmediately();
      await until(() => failures > before, { what: 'a write to fail', timeoutMs: 60_000, everyMs: 5 });
      await server.start();
    }
  }

  await Promise.all([load(), kills()]);
  const held = async () =>
    (await reader.documents(topic.topic)).map(({ _source }) => _source).sort((a, b) => Number(a['id']) - Number(b['id']));
  const expected = [...rows.values()].sort((a, b) => a.id - b.id);
  assert.deepEqual(await held(), expected);
  await reader.forgetDeletes(topic.topic);
  for (let at = 0; at < log.length; at += 500) await deliver(log.slice(at, at + 500), 'replay');
  assert.deepEqual(await held(), expected, 'replayed');
});
