import type { ConfigReport } from '../../src/contract/index.ts';
import type { IndexNaming } from './index-name.ts';
import { RecordFault } from './record-fault.ts';

const option = 'topic.to.external.resource.mapping';

/** Indices or aliases that are there already, by topic. What is wrong with the entries becomes faults of the option. */
export function externalNaming(entries: readonly string[], entriesMax: number, report: ConfigReport): IndexNaming {
  const byTopic = new Map<string, string>();
  if (entries.length === 0) report.fault(option, `${option} must name the topics’ indices, as topic:index.`);
  if (entries.length > entriesMax)
    report.fault(option, `${option} has ${entries.length} entries; max.external.resource.mappings allows ${entriesMax}.`);
  for (const entry of entries) {
    const [topic, resource, more] = entry.split(':').map(part => part.trim());
    if (!topic || !resource || more !== undefined) report.fault(option, `'${entry}' is not of the form topic:index.`);
    else if (byTopic.has(topic)) report.fault(option, `The topic '${topic}' is mapped twice.`);
    else if ([...byTopic.values()].includes(resource)) report.fault(option, `'${resource}' is mapped from two topics; each takes one.`);
    else byTopic.set(topic, resource);
  }
  const nameOf = (topic: string) => {
    const name = byTopic.get(topic);
    if (name === undefined) throw new RecordFault(`${option} does not name its topic`);
    return name;
  };
  return {
    text: option,
    byTopicOnly: true,
    ofOneTable: true,
    pattern: topic => byTopic.get(topic) ?? topic,
    nameOf: record => nameOf(record.topic),
  };
}
