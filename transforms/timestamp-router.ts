import { type ConfigOf, configSpec, type Plugin, type PluginContext, type Transform } from '../src/contract/index.ts';
import { javaDateFormat } from './java-date-format.ts';
import { datePattern, textOption } from './records/options.ts';
import { transformFailed } from './records/require.ts';

const topicMark = '$' + '{topic}';
const timestampMark = '$' + '{timestamp}';

const routerOptions = {
  'topic.format': textOption({
    default: `${topicMark}-${timestampMark}`,
    importance: 'HIGH',
    doc: `Format string which can contain ${topicMark} and ${timestampMark} as placeholders for the topic and timestamp, respectively.`,
  }),
  'timestamp.format': datePattern({
    default: 'yyyyMMdd',
    importance: 'HIGH',
    doc: 'Format string for the timestamp that is compatible with java.text.SimpleDateFormat.',
  }),
};

/** org.apache.kafka.connect.transforms.TimestampRouter: makes the topic's name from the old one and the record's timestamp, in UTC. */
export const timestampRouter: Plugin<ConfigOf<typeof routerOptions>, Transform> = {
  spec: configSpec({ doc: 'Makes the topic’s name of the old one and the record’s timestamp.', options: routerOptions }),
  create(config, { clock }: PluginContext) {
    const { format } = javaDateFormat(config['timestamp.format'], clock.nowMs());
    return record => {
      if (record.timestamp === null) throw transformFailed(`Timestamp missing on record of topic '${record.topic}'`);
      const timestamp = format(BigInt(record.timestamp));
      const topic = config['topic.format'].replaceAll(topicMark, () => record.topic).replaceAll(timestampMark, () => timestamp);
      return { ...record, topic };
    };
  },
};
