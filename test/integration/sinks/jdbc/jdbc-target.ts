import assert from 'node:assert/strict';
import { jdbcSink } from '../../../../sinks/jdbc/plugin.ts';
import type { RawConfig, Sink } from '../../../../src/contract/index.ts';
import { silentLogger } from '../../../support/silent-logger.ts';

/** A task of the sink by its config. The caller disposes of it. */
export function jdbcSinkOf(config: RawConfig, nowMs = () => 0): Sink {
  const parsed = jdbcSink.spec.parse(config);
  assert.ok(parsed.config, JSON.stringify(parsed.faults));
  assert.deepEqual(parsed.warnings, []);
  const clock = { nowMs, nowNs: () => 0n };
  return jdbcSink.create(parsed.config, { connector: 'jdbc', task: 0, logger: silentLogger, clock });
}

/** Upserts and deletes by the record's key, tables made by the sink. */
export const upserts: RawConfig = {
  'insert.mode': 'upsert',
  'delete.enabled': 'true',
  'primary.key.mode': 'record_key',
  'schema.evolution': 'basic',
};
