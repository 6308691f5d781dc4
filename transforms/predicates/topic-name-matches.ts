import { type ConfigOf, configSpec, matchesWhole, type Plugin, type Predicate } from '../../src/contract/index.ts';
import { regexOption } from '../records/options.ts';
import { perTopic } from '../records/schema-cache.ts';

const topicOptions = {
  pattern: regexOption("A Java regular expression for matching against the name of a record's topic.", 'MEDIUM', 'non-empty'),
};

/** org.apache.kafka.connect.transforms.predicates.TopicNameMatches: records whose whole topic name matches. */
export const topicNameMatches: Plugin<ConfigOf<typeof topicOptions>, Predicate> = {
  spec: configSpec({ doc: 'Records whose topic’s whole name matches the expression.', options: topicOptions }),
  create({ pattern }) {
    const matches = perTopic(matchesWhole(pattern));
    return record => matches(record.topic);
  },
};
