import type { Logger, Plugin, PluginContext, RawConfig, Transform } from '../../../../src/contract/index.ts';

/** A line that a transform logged. */
export type LogLine = { level: string; message: string };

/** A context whose logger keeps what is written and whose clock stands still. */
export function testContext(log: LogLine[] = [], nowMs = 1_700_000_000_000): PluginContext {
  const at = (level: string) => (_fields: object, message: string) => {
    log.push({ level, message });
  };
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => logger };
  return { connector: 'c', task: 0, logger, clock: { nowMs: () => nowMs, nowNs: () => BigInt(nowMs) * 1_000_000n } };
}

/** A transform from its options. Throws an Error with all faults where they are wrong. */
export function transformOf<Config>(plugin: Plugin<Config, Transform>, options: RawConfig, log: LogLine[] = []): Transform {
  const { config, faults } = plugin.spec.parse(options);
  if (config === null) throw new Error(faults.map(({ option, message }) => `${option}: ${message}`).join('\n'));
  return plugin.create(config, testContext(log));
}

/** Names of the options that are at fault. */
export function faultsOf<Config>(plugin: Plugin<Config, Transform>, options: RawConfig): readonly string[] {
  return plugin.spec.parse(options).faults.map(({ option }) => option);
}
