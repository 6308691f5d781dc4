import { type ConfigOf, configSpec, matchesWhole, type Plugin, replaceFirst, type Transform } from '../src/contract/index.ts';
import { regexOption, textOption } from './records/options.ts';
import { perTopic } from './records/schema-cache.ts';

const routerOptions = {
  regex: regexOption('Regular expression to use for matching.'),
  replacement: textOption({ doc: 'Replacement string.', importance: 'HIGH' }),
};

const spec = configSpec({
  doc: 'Renames topics: where the expression matches the whole name, the replacement takes its place.',
  options: routerOptions,
  refine: (config: ConfigOf<typeof routerOptions>, raw, report) => {
    let rename: (topic: string) => string = topic => topic;
    try {
      rename = replaceFirst(config.regex, config.replacement);
    } catch (error) {
      report.fault(
        'replacement',
        `Invalid value ${config.replacement} for configuration replacement: ${(error as Error).message} in '${raw['regex']}'`,
      );
    }
    return { matches: matchesWhole(config.regex), rename };
  },
});

/**
 * org.apache.kafka.connect.transforms.RegexRouter: renames the topic where the expression matches the whole name. The replacement takes
 * the first match as a search finds it, as Java's replaceFirst does, so `a|ab` turns only the `a` of `ab`.
 */
export const regexRouter: Plugin<{ matches: (topic: string) => boolean; rename: (topic: string) => string }, Transform> = {
  spec,
  create({ matches, rename }) {
    const topicOf = perTopic(topic => (matches(topic) ? rename(topic) : topic));
    return record => {
      const topic = topicOf(record.topic);
      return topic === record.topic ? record : { ...record, topic };
    };
  },
};
