import type { ConfigOf, Plugin, PluginContext, RawConfig, Sink } from '../../contract/index.ts';
import type { ConnectorKind, ResolvedParts } from '../connector/connector-kind.ts';
import { parseConsumerOverrides, parseOverrides } from '../connector/connector-overrides.ts';
import type { ConnectorPlan, WorkerDefaults } from '../connector/connector-plan.ts';
import { isSinkOption, sinkOptions, sinkSpec, topicsOf } from './sink-options.ts';
import type { ConversionPlan, DeadLetterSettings, SinkErrorPolicy } from './sink-task-plan.ts';

/** What a config has of a sink: topics, consumer and producer overrides, dead letters. */
export function sinkKind(config: RawConfig, plugin: Plugin<unknown, Sink>, defaults: WorkerDefaults): ConnectorKind {
  const common = sinkSpec.parse(config, () => true);
  // What a sink publishes goes out with its offset, in one transaction, whatever sources do.
  const producer = parseOverrides(config, defaults.overridePolicy, true, defaults.checkOverrides, 'sink');
  const consumer = parseConsumerOverrides(config, defaults.overridePolicy, config['name'] ?? '', defaults.checkConsumerOverrides);
  return {
    common,
    options: sinkOptions,
    isCommon: isSinkOption,
    parts: [producer, consumer],
    plan: parts => plan(parts, common.config!),
  };

  function plan(
    { config: pluginConfig, chain, converters, publishing }: ResolvedParts,
    options: ConfigOf<typeof sinkOptions>,
  ): ConnectorPlan {
    const { group, reset, recordsMax } = consumer.settings;
    const topics = options['topics.regex'] ?? topicsOf(options.topics);
    const errors = errorPolicy(options);
    const retryDelayMsMax = Math.max(1, options['errors.retry.delay.max.ms']);
    const conversion = (context: PluginContext): ConversionPlan => ({
      ...converters.make(context),
      classes: converters.classes,
      publishing: publishing?.make(context) ?? null,
      transform: chain.apply,
    });
    return {
      name: options.name,
      type: 'sink',
      tasks: options['tasks.max'],
      retry: { attemptsMax: null, delayMsMax: retryDelayMsMax },
      createPlugin: context => plugin.create(pluginConfig, context),
      sink: {
        group,
        topics,
        deadLetters: errors.deadLetters,
        errors,
        producerOverrides: producer.overrides,
        retryDelayMsMax,
        keyConverter: context => converters.make(context).key,
        createBeside: context => ({ sink: plugin.create(pluginConfig, context), conversion: conversion(context) }),
        verification: context => plugin.sinkVerification?.(pluginConfig, context, group) ?? null,
      },
      createTask(task, { log, logger, clock, observer, pause, random }) {
        const context: PluginContext = { connector: options.name, task, logger, clock };
        return {
          ...conversion(context),
          id: { connector: options.name, task },
          sink: plugin.create(pluginConfig, context),
          consumer: { group, topics, reset, recordsMax, bufferBytesMax: options['sink.buffer.max.bytes'], overrides: consumer.rest },
          limits: {
            recordsMax: options['sink.batch.max.records'],
            bytesMax: options['sink.batch.max.bytes'],
            lingerMs: options['sink.batch.linger.ms'],
          },
          errors,
          writer: { producerOverrides: producer.overrides, transactional: true },
          retryDelayMsMax,
          log,
          logger,
          clock,
          observer,
          pause,
          random,
        };
      },
    };
  }
}

function errorPolicy(options: ConfigOf<typeof sinkOptions>): SinkErrorPolicy {
  const topic = options['errors.deadletterqueue.topic.name'].trim();
  const deadLetters: DeadLetterSettings = {
    topic,
    replicationFactor: options['errors.deadletterqueue.topic.replication.factor'],
    contextHeaders: options['errors.deadletterqueue.context.headers.enable'],
    parksLater: options['errors.deadletterqueue.later.records'] === 'park',
  };
  return {
    tolerance: options['errors.tolerance'],
    logEnable: options['errors.log.enable'],
    logIncludeMessages: options['errors.log.include.messages'],
    // With tolerance none nothing becomes one.
    deadLetters: topic === '' || options['errors.tolerance'] === 'none' ? null : deadLetters,
  };
}
