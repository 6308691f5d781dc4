import assert from 'node:assert/strict';
import { redisSink } from '../../../sinks/redis/plugin.ts';
import type { RawConfig, Sink, SinkRecord, SinkResult } from '../../../src/contract/index.ts';
import { silentLogger } from '../../support/silent-logger.ts';

let made = 0;

/** A prefix of keys, channels and streams that no other test of any process has. */
export function freshPrefix(): string {
  return `t${process.pid}x${++made}`;
}

/** A task of the sink on that server. The caller disposes of it. */
export function redisSinkOn({ host, port }: { readonly host: string; readonly port: number }, config: RawConfig): Sink {
  return redisSinkOf({ 'redis.host': host, 'redis.port': String(port), ...config });
}

/** A task of the sink by its config alone. */
export function redisSinkOf(config: RawConfig): Sink {
  const parsed = redisSink.spec.parse(config);
  assert.ok(parsed.config, JSON.stringify(parsed.faults));
  assert.deepEqual(parsed.warnings, []);
  const clock = { nowMs: () => 0, nowNs: () => 0n };
  return redisSink.create(parsed.config, { connector: 'redis', task: 0, logger: silentLogger, clock });
}

const never = new AbortController().signal;

/** Writes a batch beside the group's offsets. */
export function write(sink: Sink, records: readonly SinkRecord[]): Promise<SinkResult> {
  return sink.write({ records, mode: 'live', consumed: null }, never);
}

/** Writes a batch of which no record may be refused. */
export async function writeAll(sink: Sink, records: readonly SinkRecord[]): Promise<void> {
  const { failed } = await write(sink, records);
  assert.deepEqual(
    failed.map(({ index, error }) => `${index}: ${error.message}`),
    [],
  );
}
