import assert from 'node:assert/strict';
import { Client } from '@elastic/elasticsearch';
import { elasticsearchSink } from '../../sinks/elasticsearch/plugin.ts';
import type { SinkRecord } from '../../src/contract/index.ts';
import { startElasticsearch } from '../../test/services/elasticsearch.ts';
import { logged } from '../../test/support/logged.ts';
import { Stopwatch } from './processor-time.ts';
import { benchRecord } from './records.ts';

const batchSize = 2_000;
const warmUpBatches = 15;
const batches = 60;
const indexSettings = { number_of_replicas: 0, 'index.refresh_interval': '1s' };

/** One way to write batches; what is written lies ready before the time is taken. */
type Writer = AsyncDisposable & { readonly name: string; prepare(batch: number): void; write(): Promise<void> };

function recordsOf(topic: string, batch: number): readonly SinkRecord[] {
  return Array.from({ length: batchSize }, (_, position) => benchRecord(topic, batch * batchSize + position));
}

/**
 * The client's own bulk loop, with what the sink guarantees and no more: a batch at a time, whole documents at external versions, every item's
 * answer looked at. Its documents are plain objects that are there already; the sink gets records.
 */
async function bareLoop(url: string): Promise<Writer> {
  const client = new Client({ node: url, maxRetries: 0 });
  const index = 'bench-bare';
  await client.indices.create({ index, settings: indexSettings, mappings: { properties: plainMapping } });
  let documents: readonly (readonly [version: number, document: object])[] = [];
  return {
    name: 'bare bulk loop',
    prepare(batch) {
      documents = recordsOf(index, batch).map(record => [Number(record.place.offset) + 1, plainDocument(record)]);
    },
    async write() {
      const operations = documents.flatMap(([version, document]) => [
        { index: { _index: index, _id: String(version - 1), version, version_type: 'external' as const } },
        document,
      ]);
      const answer = await client.bulk({ operations });
      for (const item of answer.items) assert.ok(item.index!.status < 300 || item.index!.status === 409);
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** The sink's `write`, with records in Debezium's envelope as the engine hands them over. */
async function sinkWrite(url: string): Promise<Writer> {
  const topic = 'bench-sink';
  const { config } = elasticsearchSink.spec.parse({
    'connection.url': url,
    'behavior.on.null.values': 'delete',
    'read.timeout.ms': '60000',
    'index.settings': JSON.stringify(indexSettings),
    'index.mappings': JSON.stringify({ properties: plainMapping }),
  });
  const { logger } = logged();
  const clock = { nowMs: () => Date.now(), nowNs: () => process.hrtime.bigint() };
  const sink = elasticsearchSink.create(config!, { connector: 'bench', task: 0, logger, clock });
  const never = new AbortController().signal;
  await sink.assign?.({ group: 'connect-bench', generation: 1, partitions: [{ topic, partition: 0, era: 1 }] }, never);
  let records: readonly SinkRecord[] = [];
  return {
    name: 'sink.write',
    prepare(batch) {
      records = recordsOf(topic, batch);
    },
    async write() {
      const { failed } = await sink.write({ records, mode: 'live', consumed: null }, never);
      assert.equal(failed.length, 0);
    },
    [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
  };
}

const plainMapping = {
  id: { type: 'long' },
  customer: { type: 'long' },
  name: { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } },
  email: { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } },
  amount: { type: 'double' },
  paid: { type: 'boolean' },
  created: { type: 'date' },
  note: { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } },
} as const;

/** What a user of the client would hold: an object with the values of a document. */
function plainDocument({ topic: _, ...record }: SinkRecord): Record<string, unknown> {
  const position = Number(record.place.offset);
  return {
    id: position,
    customer: position % 1000,
    name: `Customer number ${position % 1000}`,
    email: `customer${position}@example.com`,
    amount: 1234.56 + position,
    paid: position % 2 === 0,
    created: new Date(1_700_000_000_000 + position).toISOString(),
    note: 'The quick brown fox jumps over the lazy dog, again and again and again.',
  };
}

/** Documents a second of a typical batch. */
function typicalRate(batchesMs: readonly number[]): number {
  return (batchSize / [...batchesMs].sort((a, b) => a - b)[Math.floor(batchesMs.length / 2)]!) * 1000;
}

/** Batch by batch in turn, so that what changes on the machine and in the server meets both alike. */
async function measure(url: string): Promise<void> {
  await using bare = await bareLoop(url);
  await using sink = await sinkWrite(url);
  const spent = [bare, sink].map(writer => ({ writer, client: new Stopwatch(), batchesMs: [] as number[] }));
  for (let batch = 0; batch < warmUpBatches + batches; batch++)
    for (const { writer, client, batchesMs } of batch % 2 === 0 ? spent : spent.toReversed()) {
      writer.prepare(batch);
      if (batch < warmUpBatches) {
        await writer.write();
        continue;
      }
      const beforeMs = client.spentMs;
      await client.measure(() => writer.write());
      batchesMs.push(client.spentMs - beforeMs);
    }
  const [bareRate, sinkRate] = spent.map(({ batchesMs }) => typicalRate(batchesMs));
  const said = spent.map(({ writer, client }, index) => {
    const micros = (client.clientMicros / (batches * batchSize)).toFixed(1);
    return `${writer.name} ${Math.round([bareRate, sinkRate][index]!)}/s (client: ${micros} us of processor time a document)`;
  });
  process.stdout.write(`${said.join(', ')}: ${(sinkRate! / bareRate!).toFixed(2)} of it (target 0.8)\n`);
}

const given = process.env['TEST_ELASTICSEARCH_URL'];
if (given) await measure(given);
else {
  await using server = await startElasticsearch({ heapMb: 1024 });
  await measure(server.url);
}
