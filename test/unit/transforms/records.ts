import {
  type ConnectRecord,
  type Plugin,
  type PluginContext,
  type RawConfig,
  type Schema,
  SluiceError,
  type Value,
} from '../../../src/contract/index.ts';
import { silentLogger } from '../../support/silent-logger.ts';

/** 22 November 2026, 12:00. */
export const nowMs = Date.UTC(2026, 10, 22, 12);

export const context: PluginContext = {
  connector: 'shop',
  task: 0,
  logger: silentLogger,
  clock: { nowMs: () => nowMs, nowNs: () => BigInt(nowMs) * 1_000_000n },
};

/** A plugin made from options as a user writes them. */
export function make<Config, Made>(plugin: Plugin<Config, Made>, raw: RawConfig): Made {
  const { config, faults } = plugin.spec.parse(raw);
  if (config === null) throw new Error(faults.map(({ option, message }) => `${option}: ${message}`).join('\n'));
  return plugin.create(config, context);
}

/** What is wrong with a plugin's options. */
export function faultsOf(plugin: Plugin<unknown, unknown>, raw: RawConfig): readonly string[] {
  return plugin.spec.parse(raw).faults.map(({ option, message }) => `${option}: ${message}`);
}

export function record(changes: Partial<ConnectRecord> = {}): ConnectRecord {
  return {
    topic: 'srv.public.users',
    partition: null,
    timestamp: null,
    keySchema: null,
    key: null,
    valueSchema: null,
    value: null,
    headers: [],
    ...changes,
  };
}

/** A record whose value has this schema. */
export function valued(valueSchema: Schema | null, value: Value): ConnectRecord {
  return record({ valueSchema, value });
}

/** Whether an error is a transform's, with this text. */
export function transformError(text: RegExp): (error: unknown) => boolean {
  return error => error instanceof SluiceError && error.code === 'TRANSFORM_FAILED' && text.test(error.message);
}
