import type { ConfigFault, RawConfig } from '../../contract/index.ts';
import { asOverride, type ConsumerSettings, consumerSpec, invalidConsumer } from '../consumer-config.ts';
import { connectionSpec, isConnectionOption, type KafkaConnection } from './connection-config.ts';
import type { KafkaLogConfig } from './log-config.ts';

/** A task's consumer: how it connects and how it reads. */
export type TaskConsumerConfig = { readonly connection: KafkaConnection; readonly settings: ConsumerSettings };

/** The worker's options, then its `consumer.*`, then the connector's `consumer.override.*`. Throws SluiceError CONFIG_INVALID. */
export function taskConsumerConfig(config: KafkaLogConfig, overrides: RawConfig): TaskConsumerConfig {
  const { connection, settings, faults } = resolveConsumer(config.raw(), overrides);
  if (connection === null || settings === null || faults.length > 0) throw invalidConsumer(faults);
  return { connection, settings };
}

/** What is wrong with a connector's `consumer.override.*`, told when the connector is submitted. */
export function checkConsumerOverrides(config: KafkaLogConfig, overrides: RawConfig) {
  const { faults, warnings } = resolveConsumer(config.raw(), overrides);
  const own = ({ option }: ConfigFault) => option.startsWith('consumer.override.');
  return { faults: faults.filter(own), warnings: warnings.filter(own) };
}

/** What is wrong with the worker's own `consumer.*`, beside what concerns the connection. */
export function checkWorkerConsumer(raw: RawConfig) {
  const { faults, warnings } = resolveConsumer(raw, {});
  const own = ({ option }: ConfigFault) => option.startsWith('consumer.') && !isConnectionOption(option.slice('consumer.'.length));
  return { faults: faults.filter(own), warnings: warnings.filter(own) };
}

function resolveConsumer(raw: RawConfig, overrides: RawConfig) {
  const prefix = 'consumer.';
  const ofWorker = Object.entries(raw).flatMap(([name, text]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), text]] : []));
  const merged: RawConfig = { ...Object.fromEntries(ofWorker), ...overrides };
  const connectionOptions = (from: RawConfig) => Object.entries(from).filter(([name]) => isConnectionOption(name));
  const named = (fault: ConfigFault): ConfigFault =>
    fault.option in overrides ? asOverride(fault) : { ...fault, option: prefix + fault.option };
  const connection = connectionSpec.parse(Object.fromEntries([...connectionOptions(raw), ...connectionOptions(merged)]), () => true);
  const consumer = consumerSpec.parse(merged, isConnectionOption);
  return {
    connection: connection.config,
    settings: consumer.config,
    faults: [...connection.faults, ...consumer.faults].map(named),
    warnings: consumer.warnings.map(named),
  };
}
