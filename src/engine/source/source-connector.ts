import type { ConfigOf, Plugin, PluginContext, RawConfig, Source } from '../../contract/index.ts';
import type { ConnectorKind, ResolvedParts } from '../connector/connector-kind.ts';
import { parseOverrides } from '../connector/connector-overrides.ts';
import type { ConnectorPlan, WorkerDefaults } from '../connector/connector-plan.ts';
import { parseTopicCreation } from '../connector/connector-topics.ts';
import { scheduleOf } from '../verification/schedule-options.ts';
import { isSourceOption, sourceOptions, sourceSpec } from './source-options.ts';

/** Longest pause between retries where the plugin has no option for it. */
const retryDelayMsMax = 10_000;

/** What a config has of a source: topic creation, producer overrides, exactly once. */
export function sourceKind(config: RawConfig, plugin: Plugin<unknown, Source>, defaults: WorkerDefaults): ConnectorKind {
  const common = sourceSpec.parse(config, () => true);
  const topics = parseTopicCreation(config, common.config?.['topic.creation.groups'] ?? []);
  const transactional = defaults.exactlyOnce;
  const producer = parseOverrides(config, defaults.overridePolicy, transactional, defaults.checkOverrides);
  const required = config['exactly.once.support']?.trim().toLowerCase() === 'required';
  const support = {
    faults:
      required && !transactional
        ? [{ option: 'exactly.once.support', message: 'This worker does not have exactly-once source support enabled.' }]
        : [],
    warnings: [],
  };
  return {
    common,
    options: sourceOptions,
    isCommon: isSourceOption,
    parts: [topics, producer, support],
    plan: parts => plan(parts, common.config!),
  };

  function plan(
    { config: pluginConfig, states, chain, converters }: ResolvedParts,
    options: ConfigOf<typeof sourceOptions>,
  ): ConnectorPlan {
    const text = (name: string) => states.find(state => state.name === name)?.value ?? null;
    const attempts = Number(text('errors.max.retries') ?? -1);
    const delay = Number(text('retriable.restart.connector.wait.ms') ?? retryDelayMsMax);
    return {
      name: options.name,
      type: 'source',
      tasks: 1,
      retry: { attemptsMax: attempts < 0 ? null : attempts, delayMsMax: delay > 0 ? delay : retryDelayMsMax },
      sink: null,
      source: {
        schedule: scheduleOf(options),
        conversion: context => ({ transform: chain.apply, ...converters.make(context) }),
        verification: context => plugin.sourceVerification?.(pluginConfig, context) ?? null,
      },
      createPlugin: context => plugin.create(pluginConfig, context),
      ...(plugin.captured !== undefined && { captured: abort => plugin.captured!(pluginConfig, abort) }),
      createTask(task, { log, logger, clock, observer }) {
        const context: PluginContext = { connector: options.name, task, logger, clock };
        return {
          id: { connector: options.name, task },
          transform: chain.apply,
          ...converters.make(context),
          source: plugin.create(pluginConfig, context),
          topicSpec: topic => (defaults.topicCreation ? topics.topicSpec(topic) : null),
          writer: { producerOverrides: producer.overrides, transactional },
          errors: {
            tolerance: options['errors.tolerance'],
            logEnable: options['errors.log.enable'],
            logIncludeMessages: options['errors.log.include.messages'],
          },
          log,
          logger,
          clock,
          observer,
        };
      },
    };
  }
}
