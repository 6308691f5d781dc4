import { Redis } from 'ioredis';
import { redisSink } from '../../sinks/redis/plugin.ts';
import { stringScript } from '../../sinks/redis/scripts.ts';
import type { RawConfig, SinkRecord } from '../../src/contract/index.ts';
import { startRedis } from '../../test/services/redis.ts';
import { silentLogger } from '../../test/support/silent-logger.ts';
import { benchRecord } from './records.ts';

const rows = 100_000;
const batchSize = 2_000;
const rounds = 5;

/** One way to do the writes; gives how many rows a second. */
type Writer = { readonly name: string; readonly of: 'evict' | 'write-through'; write(round: number): Promise<number> };

function rate(startedMs: number): number {
  return rows / ((performance.now() - startedMs) / 1000);
}

const positions = Array.from({ length: rows / batchSize }, (_, batch) =>
  Array.from({ length: batchSize }, (_, index) => batch * batchSize + index),
);

/** What a user of the client would hold: an object with the values of a row. */
function plainRow(position: number): Record<string, unknown> {
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

type Pipeline = ReturnType<Redis['pipeline']>;

/** The client's own pipeline, a command a row, a batch at a time, each answer looked at. */
function bare(
  name: string,
  of: Writer['of'],
  url: string,
  add: (pipeline: Pipeline, row: Record<string, unknown>, position: number) => void,
): Writer {
  return {
    name,
    of,
    async write() {
      const client = new Redis(url);
      await fill(client, of);
      await client.script('LOAD', stringScript.text);
      const all = positions.map(batch => batch.map(plainRow));
      const startedMs = performance.now();
      for (const [number, batch] of all.entries()) {
        const pipeline = client.pipeline();
        for (const [index, row] of batch.entries()) add(pipeline, row, number * batchSize + index);
        for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
      }
      const perSecond = rate(startedMs);
      client.disconnect();
      return perSecond;
    },
  };
}

/** The sink's `write`, with records in Debezium's envelope as the engine hands them over. */
function sinkWrite(of: Writer['of'], url: string): Writer {
  return {
    name: 'sink.write',
    of,
    async write() {
      const client = new Redis(url);
      await fill(client, of);
      client.disconnect();
      const raw: RawConfig = { 'redis.uri': url, 'redis.mode': of, 'redis.keys': 'order:{id}' };
      const { config } = redisSink.spec.parse(raw);
      const clock = { nowMs: () => Date.now(), nowNs: () => process.hrtime.bigint() };
      await using sink = redisSink.create(config!, { connector: 'bench', task: 0, logger: silentLogger, clock });
      const all: readonly (readonly SinkRecord[])[] = positions.map(batch => batch.map(position => benchRecord('orders', position)));
      const never = new AbortController().signal;
      const startedMs = performance.now();
      for (const records of all) {
        const { failed } = await sink.write({ records, mode: 'live', consumed: null }, never);
        if (failed.length > 0) throw failed[0]!.error;
      }
      return rate(startedMs);
    },
  };
}

/** Evictions find what they evict; rows are written where nothing is. */
async function fill(client: Redis, of: Writer['of']): Promise<void> {
  await client.flushall();
  if (of === 'write-through') return;
  for (const batch of positions) {
    const pipeline = client.pipeline();
    for (const position of batch) pipeline.set(`order:${position}`, 'x'.repeat(200));
    await pipeline.exec();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

await using server = process.env['TEST_REDIS_URL'] ? null : await startRedis();
const url = server ? `redis://${server.host}:${server.port}` : process.env['TEST_REDIS_URL']!;
const head = '{"__version":"';
const writers: readonly Writer[] = [
  bare('bare pipeline of UNLINK', 'evict', url, (pipeline, _, position) => pipeline.unlink(`order:${position}`)),
  sinkWrite('evict', url),
  bare('bare pipeline of SET', 'write-through', url, (pipeline, row, position) => pipeline.set(`order:${position}`, JSON.stringify(row))),
  bare('bare pipeline of EVALSHA (by version)', 'write-through', url, (pipeline, row, position) => {
    const [key, version] = [`order:${position}`, String(position)];
    const text = `${head}${version}",${JSON.stringify(row).slice(1)}`;
    pipeline.evalsha(stringScript.sha1, 2, key, `sluice:deleted:{${key}}`, head, '', '3600000', version, '', text);
  }),
  sinkWrite('write-through', url),
];
const found = new Map<Writer, number[]>(writers.map(writer => [writer, []]));
// The first round warms the server and the writers up; then in turn, so that what changes on the machine meets all.
for (let round = 0; round <= rounds; round++)
  for (const writer of round % 2 === 0 ? writers : [...writers].reverse()) {
    const perSecond = await writer.write(round);
    if (round > 0) found.get(writer)!.push(perSecond);
    process.stderr.write(`${round === 0 ? 'warm-up' : round}. ${writer.of}, ${writer.name}: ${Math.round(perSecond)} rows/s\n`);
  }
for (const sink of writers.filter(({ name }) => name === 'sink.write'))
  for (const other of writers.filter(({ of, name }) => of === sink.of && name !== 'sink.write')) {
    const [ours, theirs] = [median(found.get(sink)!), median(found.get(other)!)];
    process.stdout.write(
      `${sink.of}: ${other.name} ${Math.round(theirs)}/s, sink.write ${Math.round(ours)}/s: ${(ours / theirs).toFixed(2)} of it\n`,
    );
  }
