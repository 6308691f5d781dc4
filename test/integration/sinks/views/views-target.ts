import assert from 'node:assert/strict';
import { viewsSink } from '../../../../sinks/views/plugin.ts';
import type { ViewsSink } from '../../../../sinks/views/views-sink.ts';
import type { RawConfig } from '../../../../src/contract/index.ts';
import { silentLogger } from '../../../support/silent-logger.ts';

/** A task of the sink by its config. The caller disposes of it. */
export function viewsSinkOf(config: RawConfig, connector = 'views', nowMs = () => 0): ViewsSink {
  const parsed = viewsSink.spec.parse(config);
  assert.ok(parsed.config, JSON.stringify(parsed.faults));
  assert.deepEqual(parsed.warnings, []);
  const clock = { nowMs, nowNs: () => 0n };
  return viewsSink.create(parsed.config, { connector, task: 0, logger: silentLogger, clock });
}

/** A Postgres URL as JDBC has it. */
export function jdbcUrl(url: string): string {
  const { hostname, port, pathname, username, password } = new URL(url);
  return `jdbc:postgresql://${hostname}:${port}${pathname}?user=${username}&password=${password}`;
}
